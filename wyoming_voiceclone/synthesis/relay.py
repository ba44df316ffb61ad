"""Relay: one sentence, whoever begins it and whoever goes on with it."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.errors import BackendError, NoBackend
from wyoming_voiceclone.synthesis.attempt import Runner, fault
from wyoming_voiceclone.synthesis.deadlines import Deadline, Patience
from wyoming_voiceclone.synthesis.lineup import Entry, Lineup, Memory, ahead_s
from wyoming_voiceclone.synthesis.race import Means, Race
from wyoming_voiceclone.synthesis.takeover import Joint, Place, reached

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Follower:
    """Whoever goes on, and where."""

    runner: Runner
    place: Place


_Following = Chunk | _Follower | None
"""What comes next: sound, somebody else, or nothing more."""


class Turn:
    """One backend speaking a sentence, or the rest of it, at the rate of whoever began."""

    def __init__(self, runner: Runner, rate: int, gain: float = 1.0) -> None:
        """`runner` has its stream. `gain` makes it as loud as whoever began."""
        self.runner, self.entry, self.stream = runner, runner.entry, _stream(runner)
        self.is_whole = self.is_broken = False
        self.samples = 0
        self.waited_s = self.longest_s = 0.0
        self._resampler, self._gain = Resampler(self.stream.rate, rate), np.float32(gain)
        self._rate = rate
        self._patience: Patience | None = None

    @property
    def audio_s(self) -> float:
        return self.samples / self._rate

    def deadline(self, follower: Entry | None, most_s: float) -> Deadline:
        """For the next chunk."""
        if self._patience is None or self._patience.follower is not follower:
            self._patience = Patience(self.entry, follower, most_s)
        return self._patience.deadline(self.longest_s, ahead_s(self.entry.candidate.request))

    def converted(self, chunk: Chunk | None) -> Chunk:
        """Its next chunk, as it is heard; None: the last of it."""
        raw = self._resampler.finish() if chunk is None else self._resampler.feed(chunk)
        self.samples += len(raw)
        return raw * self._gain

    def received(self, chunk: Chunk | None) -> Chunk | None:
        """The same chunk; what it was waited for is learnt."""
        self.waited_s += self.runner.waited_s
        self.longest_s = max(self.longest_s, self.runner.waited_s)
        return chunk

    def learn(self) -> None:
        """Keep what is known of it now; it speaks no more."""
        standing = self.entry.standing
        standing.tally.audio_s += self.audio_s
        if not self.is_whole:
            return
        standing.health.spoke()
        if not self.stream.replayed and self.audio_s:
            for pace in (self.entry.pace, standing.pace):
                pace.gaps.add(self.longest_s)
                pace.speeds.add(self.waited_s / self.audio_s, standing.in_flight - 1)


class Relay:
    """A sentence's first chunk from the best that can; then all of it, whatever happens."""

    def __init__(self, voice: str, lineup: Lineup, means: Means, memory: Memory) -> None:
        """`voice`: whom the listener asked for."""
        self._voice, self._lineup, self._means, self._memory = voice, lineup, means, memory
        self._closings: list[asyncio.Task[None]] = []
        self._heard: list[str] = []

    async def begin(self) -> AudioStream:
        """Raises NoBackend, BadRequest."""
        race = Race(self._lineup, self._means, self._memory)
        try:
            runner = await race.run()
        except NoBackend:
            raise self._nobody() from None
        self._closings += race.closings
        turn = Turn(runner, _stream(runner).rate)
        self._note(turn)
        turn.entry.standing.began(replayed=turn.stream.replayed)
        return await AudioStream.begin(
            turn.stream.rate,
            self._spoken(turn),
            timings=turn.stream.timings,
            full_scale=turn.stream.full_scale,
            source=self._heard[0],
            heard=self._heard,
            replayed=turn.stream.replayed,
        )

    async def _spoken(self, turn: Turn) -> AsyncGenerator[Chunk, None]:
        """The chunks of whoever speaks, one after the other."""
        joint, began = Joint(turn.stream.rate), turn
        try:
            while True:
                following = await self._next(turn, joint)
                if isinstance(following, _Follower):
                    turn = self._taken_over(turn, following, began, joint)
                    continue
                if (ready := joint.feed(turn.converted(following))).size:
                    yield ready
                if following is None:
                    break
            turn.is_whole = not turn.is_broken
            if (rest := joint.finish()).size:
                yield rest
        finally:
            turn.learn()
            try:
                await turn.runner.aclose()
            finally:
                await self._means.closing.settle(self._closings)

    async def _next(self, turn: Turn, joint: Joint) -> _Following:
        """The next chunk, None after the last; or whoever goes on."""
        most_s = self._means.limits.next_chunk_s
        deadline = turn.deadline(self._lineup.peek(), most_s)
        task = asyncio.ensure_future(anext(turn.stream, None))
        turn.runner.goes_on(task, deadline, most_s)
        try:
            await asyncio.wait({task}, timeout=deadline.hedge_s)
        except BaseException:
            await cancelled(task)
            raise
        if task.done() and fault(task) is None:
            return turn.received(task.result())
        return await self._raced(turn, joint)

    async def _raced(self, turn: Turn, joint: Joint) -> _Following:
        """It is late, or broke off: somebody else may go on."""
        request = turn.entry.candidate.request
        heard_s = turn.audio_s - joint.held_s
        place = reached(request.text, turn.stream.timings, heard_s, request.speed)
        lineup, text = (self._lineup, place.text) if place else (Lineup([]), "")
        race = Race(lineup, self._means, self._memory, text=text, speaking=turn.runner)
        try:
            winner = await race.run()
        except NoBackend:
            turn.is_broken = True
            if place is None:
                return None  # everything was said
            raise self._nobody() from None
        finally:
            self._closings += race.closings
        if winner is turn.runner:
            return turn.received(winner.task.result())
        return _Follower(winner, place or Place(""))

    def _taken_over(self, turn: Turn, follower: _Follower, began: Turn, joint: Joint) -> Turn:
        turn.is_broken = True
        turn.learn()
        turn.entry.standing.tally.taken_over += 1
        stream, candidate = _stream(follower.runner), follower.runner.entry.candidate
        first, book = began.entry.candidate, self._means.loudness
        gain_db = book.gain_db(candidate.source, stream.full_scale)
        gain_db -= book.gain_db(first.source, began.stream.full_scale)
        following = Turn(follower.runner, began.stream.rate, 10 ** (gain_db / 20))
        following.entry.standing.tally.took_over += 1
        self._note(following)
        joint.cross(follower.place.skip_s(stream.timings))
        return following

    def _note(self, turn: Turn) -> None:
        """Who is heard now."""
        candidate = turn.entry.candidate
        self._memory.last = candidate.name
        self._heard.append(candidate.source)
        if (voice := candidate.request.voice) != self._voice:
            key = (self._voice, voice)
            level = logging.DEBUG if key in self._means.told else logging.WARNING
            self._means.told.add(key)
            _LOGGER.log(level, "%s cannot speak now: %s speaks instead", *key)

    def _nobody(self) -> NoBackend:
        return NoBackend(
            f"nobody can speak as {self._voice} now — see the warnings above in the log, "
            f"or run `wyoming-voiceclone doctor`"
        )


def _stream(runner: Runner) -> AudioStream:
    if runner.stream is None:
        raise BackendError("began without a stream")  # never: that is what a race returns
    return runner.stream
