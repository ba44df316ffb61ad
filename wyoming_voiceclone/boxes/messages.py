"""What a box and a home that it let in say to each other before anything is spoken.

Specified in docs/protocol.md; the names of the events are what peers rely on.
"""

from dataclasses import dataclass

from wyoming.event import Event

from wyoming_voiceclone.backends.peer.messages import Hello, hello_event, read_hello
from wyoming_voiceclone.errors import ProtocolError

ENGINES = "voiceclone-engines"
"""Asks, and tells, what a box offers."""
SELECT = "voiceclone-engine"
"""Which engine of the box the connection is to, said once: `{"name": "pocket"}`."""
WATCH = "voiceclone-watch"
"""Makes the connection the one over which the box tells what changes, until either ends it."""
LOAD = "voiceclone-load"
"""The box is there, and busy with so many requests: `{"busy": 2}`."""

BEAT_S = 1.0
"""Between two tellings of the load."""
SILENCE_S = 5.0
"""A box that tells nothing for so long is gone."""
_MOST_ENGINES = 64


@dataclass(frozen=True, slots=True)
class Offer:
    """What a box has."""

    version: str
    """Of its program."""
    gpu: bool
    engines: tuple[Hello, ...]


def offer_event(offer: Offer) -> Event:
    engines = [hello_event(one).data for one in offer.engines]
    return Event(ENGINES, {"version": offer.version, "gpu": offer.gpu, "engines": engines})


def read_offer(event: Event) -> Offer:
    """Raises ProtocolError."""
    told = event.data.get("engines")
    if event.type != ENGINES or not isinstance(told, list) or len(told) > _MOST_ENGINES:
        raise ProtocolError(f"{event.type!r:.40} does not tell its engines")
    if not all(isinstance(one, dict) for one in told):
        raise ProtocolError("its engines cannot be understood")
    hellos = tuple(map(read_hello, told))
    if any("@" in one.engine or not 0 < len(one.engine) <= 64 for one in hellos):
        raise ProtocolError("an engine of it has a name that cannot be")
    return Offer(f"{event.data.get('version') or '?':.40}", event.data.get("gpu") is True, hellos)


def read_load(event: Event) -> int:
    """Of a LOAD; 0 where it makes no sense."""
    busy = event.data.get("busy")
    return busy if type(busy) is int and 0 <= busy < 10_000 else 0
