"""One sentence in the scheduler: made by a worker thread, heard by a task of the event loop."""

import asyncio
import logging
import time
from contextlib import suppress

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends.piper.policy import Turn, first_frames, next_frames
from wyoming_voiceclone.backends.piper.sentence import Work
from wyoming_voiceclone.errors import BackendError, BackendUnavailable

_LOG = logging.getLogger(__name__)
_Made = Chunk | BackendError | None


class Job:
    def __init__(
        self,
        work: Work,
        playback: Playback | None,
        loop: asyncio.AbstractEventLoop,
        before: "Job | None" = None,
    ) -> None:
        self.work = work
        self.closed = False
        self._playback = playback or Playback()
        self._hands_over = playback is None  # then the layer above does not
        self._loop = loop
        self._made: asyncio.Queue[_Made] = asyncio.Queue()  # bounded by one sentence
        self._taken_s = 0.0
        self._first_made: float | None = None
        self._frames = 0
        self._before = before

    async def made(self) -> Chunk | None:
        """The next chunk; None after the last one. Raises what ended the sentence."""
        made = await self._made.get()
        if isinstance(made, BackendError):
            raise made
        if made is not None:
            seconds = made.size / self.work.voice.rate
            self._taken_s += seconds
            if self._hands_over:
                self._playback.hand_over(seconds)
        return made

    def close(self) -> None:
        self.closed = True
        self._before = None

    def turn(self, now: float, *, alone: bool) -> Turn:
        """What the worker may weigh against other sentences' claims.

        Called by workers, while the event loop may close this job or the one before it.
        """
        work = self.work
        if work.text_is_next:
            cost_s = work.text_s(alone=alone)
        else:
            frames = self._next_frames(now, 1, alone=alone)
            cost_s = work.voice.costs(alone=alone).sound_s(frames)
        playing = work.chunks > 0 or self._playback.started is not None or self._follows()
        return Turn(self.due(), cost_s, playing)

    def due(self) -> float:
        """When the listener will have heard all that is made so far, of this and before it."""
        before = self._before
        if before is not None and before.unheard:
            return before.end() + self.work.seconds
        heard_from = self._playback.dry_at
        if self._playback.started is None and self._first_made is not None:
            heard_from = self._first_made
        return heard_from + self.work.seconds - self._taken_s

    def end(self) -> float:
        """When the listener will have heard the whole sentence, as far as its length is known."""
        return self.due() + self.work.frames_left * self.work.frame_s

    @property
    def unheard(self) -> bool:
        """Whether some of this sentence has still to be made or taken."""
        return not self.closed and not (self.work.done and self._taken_s >= self.work.seconds)

    def _follows(self) -> bool:
        before = self._before
        return before is not None and before.unheard

    def step(self, *, others: int, alone: bool) -> bool:
        """Do the next step; False when there is none after it. Never raises.

        `others` who wait for theirs; `alone`: on all the cores instead of one.
        """
        if self.closed:
            return False
        try:
            if self.work.text_is_next:
                self.work.text(alone=alone)
            else:
                self._sound(others, alone=alone)
        except BackendError as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001  whatever it was, the worker lives on
            _LOG.exception("piper: a sentence of %s failed", self.work.voice.name)
            self.fail(BackendUnavailable(f"{self.work.voice.name}: {error} — ask another backend"))
        else:
            if not self.work.done:
                return True
            self._deliver(None)
        return False

    def fail(self, error: BackendError) -> None:
        self._deliver(error)

    def _sound(self, others: int, *, alone: bool) -> None:
        self._frames = self._next_frames(time.monotonic(), others, alone=alone)
        chunk = self.work.chunk(self._frames, alone=alone)
        if self._first_made is None:
            self._first_made = time.monotonic()
        if chunk.size:
            self._deliver(chunk)

    def _next_frames(self, now: float, others: int, *, alone: bool) -> int:
        costs = self.work.voice.costs(alone=alone)
        if not self.work.chunks and not self._follows() and self._playback.started is None:
            return first_frames(costs, self.work.frame_s, self.work.frames_left, others)
        return next_frames(costs, max(self._frames, 10), self.due() - now, others)

    def _deliver(self, made: _Made) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._made.put_nowait, made)
