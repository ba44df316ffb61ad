"""Standing: what is known of each backend: its health, its pace, what it is doing and has done."""

import asyncio
import logging
import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from wyoming_voiceclone.aio import now
from wyoming_voiceclone.synthesis.health import Health
from wyoming_voiceclone.synthesis.pace import Clock, Pace

_LOGGER = logging.getLogger(__name__)

_VOICES = 64
"""Of so many, those heard last, the pace is known."""


@dataclass(slots=True)
class Tally:
    """What happened since the start; only counted up."""

    sentences: int = 0
    """Begun by it, and heard."""
    replayed: int = 0
    """Of these, from the phrase cache."""
    refused: int = 0
    """It could not, and said so."""
    failed: int = 0
    """It broke off, stalled, or had no sound within the limit."""
    late: int = 0
    """Another one was heard because it had no sound in time."""
    hedges: int = 0
    """It was begun beside another one, in case that would be late."""
    hedges_dropped: int = 0
    """Of these, not needed."""
    taken_over: int = 0
    """Its sentences that somebody else ended."""
    took_over: int = 0
    """Others' sentences that it went on with."""
    audio_s: float = 0.0
    """Heard of it."""
    wasted_s: float = 0.0
    """Spent on what nobody heard."""


@dataclass(slots=True)
class Standing:
    """One backend, by its name: it outlives the backend, which may come back."""

    name: str
    most: int | None = None
    """Sentences at once; None: any number."""
    clock: Clock = now
    health: Health = field(default_factory=Health)
    tally: Tally = field(default_factory=Tally)
    in_flight: int = 0
    """Sentences that it is beginning or speaking."""
    pace: Pace = field(default_factory=Pace)
    """Whomever it speaks as."""
    _refusal: str = ""
    """The last one, without its figures; "" once it has spoken."""
    _paces: OrderedDict[str, Pace] = field(default_factory=OrderedDict)
    _queue: deque[asyncio.Future[None]] = field(default_factory=deque)

    def refused(self, why: str) -> None:
        """It could not, and said so; the same reason again is worth no line in the log."""
        self.tally.refused += 1
        why = why.removeprefix(f"{self.name}: ")
        refusal = re.sub(r"\d+", "", why)
        level = logging.DEBUG if refusal == self._refusal else logging.INFO
        self._refusal = refusal
        _LOGGER.log(level, "%s: %s", self.name, why)

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.in_flight >= self.most

    def pace_of(self, voice: str, *, streams: bool = True) -> Pace:
        """Of a voice: a small one is sooner than a large one."""
        if voice not in self._paces:
            self._paces[voice] = Pace(self.clock, streams=streams)
            while len(self._paces) > _VOICES:
                self._paces.popitem(last=False)
        self._paces.move_to_end(voice)
        return self._paces[voice]

    def began(self, *, replayed: bool) -> None:
        """A sentence, in time."""
        self.health.began()
        self.tally.sentences += 1
        self._refusal = ""
        self.tally.replayed += replayed

    def try_enter(self) -> bool:
        """Take a seat if one is free."""
        if self.is_full:
            return False
        self.in_flight += 1
        return True

    async def enter(self) -> None:
        """Wait for a seat, in order of arrival."""
        if self.try_enter():
            return
        waiting = asyncio.get_running_loop().create_future()
        self._queue.append(waiting)
        try:
            await waiting
        except asyncio.CancelledError:
            if not waiting.cancelled():
                self.leave()  # it had just been given to this one
            raise

    def leave(self) -> None:
        """Give the seat back, or to whoever waits for one."""
        while self._queue:
            if not (waiting := self._queue.popleft()).done():
                waiting.set_result(None)
                return
        self.in_flight -= 1
