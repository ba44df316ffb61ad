"""One connection to a peer, for one request: closing it is how the request is cancelled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from wyoming.event import Event

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.wire import Bounds, EventReader, EventWriter, PeerGone

DEFAULT_PORT = 10200


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """How long a peer may take, and how much it may send."""

    connect_s: float = 5.0
    hello_s: float = 5.0
    silence_s: float = 60.0
    """Without an event while it should speak."""
    enroll_silence_s: float = 600.0
    """Without any progress of an enrolment."""
    payload_bytes: int = 64 * 1024 * 1024
    """Of one event: a speaker state, or a whole sentence of a server that does not stream."""
    event_s: float = 60.0

    def bounds(self) -> Bounds:
        return Bounds(payload_bytes=self.payload_bytes, event_s=self.event_s)


class Link:
    """Sends and receives events. Raises PeerGone, ProtocolError, TimeoutError."""

    def __init__(self, reader: EventReader, writer: EventWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.at_rest = True
        """Whether nothing is under way, so that it may be used again."""

    @property
    def is_open(self) -> bool:
        """Whether the peer has not ended it, as far as is known."""
        return not self._reader.at_end and not self._writer.is_closing

    async def send(self, *events: Event) -> None:
        self.at_rest = False
        await self._writer.write(*events)

    async def receive(self, wait_s: float) -> Event:
        """The next event; the end of input is one end too many."""
        if event := await self._reader.read(wait_s):
            return event
        raise PeerGone("the connection ended before the answer did")

    async def aclose(self) -> None:
        """Close at once, whatever is under way."""
        await self._writer.aclose(0)


Dial = Callable[[], AbstractAsyncContextManager[Link]]
"""Gives a link for one request. Raises BackendUnavailable when nobody answers."""


@asynccontextmanager
async def linked(name: str, uri: str, limits: PeerLimits) -> AsyncIterator[Link]:
    """A connection of one's own. Raises BackendUnavailable when nobody answers."""
    bounds = limits.bounds()
    try:
        async with asyncio.timeout(limits.connect_s):
            reader, writer = await _connect(uri, bounds.header_bytes)
    except (OSError, TimeoutError) as error:
        why = str(error) or f"no answer within {limits.connect_s:g} s"
        hint = "is it running, and is the address right?"
        raise BackendUnavailable(f"{name}: cannot connect to {uri} ({why}) — {hint}") from error
    link = Link(EventReader(reader, bounds), EventWriter(writer, limits.silence_s))
    try:
        yield link
    finally:
        await link.aclose()


async def _connect(uri: str, limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(uri)
    if parts.scheme == "unix":
        return await asyncio.open_unix_connection(parts.netloc + parts.path, limit=limit)
    port = parts.port or DEFAULT_PORT
    return await asyncio.open_connection(parts.hostname, port, limit=limit)
