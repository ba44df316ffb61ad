"""Shares the processor among everybody who listens: the chunk that is needed first comes first."""

import asyncio
import queue
import threading
import time
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends.backend import AudioStream
from wyoming_voiceclone.backends.piper.job import Job
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.policy import choose
from wyoming_voiceclone.backends.piper.sentence import Sentence, Work
from wyoming_voiceclone.errors import BackendUnavailable

_SOON_S = 0.05
"""All the cores are waited for so long; what runs longer, or longer than expected, is not."""


class Scheduler:
    """One per process. Its threads start with the first sentence and end with `aclose`.

    As long as there are fewer sentences than cores, one step at a time has all the cores: the
    first sound comes soonest. From then on each core has a step of its own: a third more is done
    in the same time (no core waits for another inside a step).
    """

    def __init__(self, *, cores: int = 1) -> None:
        self._cores = cores
        self._running = 0
        self._over_at = 0.0
        """When what is running should be over."""
        self._threads: list[threading.Thread] = []
        self._arrived: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        """New jobs; None wakes a worker. The loop only puts, so it never waits for a lock."""
        self._ready: list[Job] = []
        self._choosing = threading.Lock()
        self._newest: weakref.WeakKeyDictionary[Playback, weakref.ref[Job]]
        self._newest = weakref.WeakKeyDictionary()
        """The last sentence of each listener: the next one is heard after it."""
        self._closing = False

    async def speak(
        self, voice: LoadedVoice, sentence: Sentence, playback: Playback | None
    ) -> AudioStream:
        """Speak one sentence; returns when its first chunk is ready.

        Closing the stream stops the work after the chunk in flight. Raises BackendUnavailable.
        """
        if self._closing:
            raise BackendUnavailable("piper: it is being shut down — ask another backend")
        self._start()
        job = self._job(Work(voice, sentence), playback)
        self._arrived.put(job)
        return await AudioStream.begin(
            voice.rate, _chunks(job), timings=job.work.timings, full_scale=voice.full_scale
        )

    async def aclose(self) -> None:
        """End the threads; what was being spoken ends with an error. Safe to call twice."""
        self._closing = True
        for _ in self._threads:
            self._arrived.put(None)
        threads, self._threads = self._threads, []
        for thread in threads:
            await asyncio.to_thread(thread.join)
        self._receive()
        for job in self._ready:
            job.fail(BackendUnavailable("piper: it was shut down — ask another backend"))
        self._ready.clear()

    def _job(self, work: Work, playback: Playback | None) -> Job:
        before = self._newest.get(playback) if playback is not None else None
        job = Job(work, playback, asyncio.get_running_loop(), before() if before else None)
        if playback is not None:
            self._newest[playback] = weakref.ref(job)
        return job

    def _start(self) -> None:
        while len(self._threads) < self._cores:
            name = f"piper-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while not self._closing:
            taken = self._next()
            if taken is None:
                self._wait()
                continue
            job, alone = taken
            unfinished = job.step(others=len(self._ready), alone=alone)
            with self._choosing:
                self._running -= 1
                if unfinished:
                    self._ready.append(job)
        self._arrived.put(None)  # for whoever still waits

    def _next(self) -> tuple[Job, bool] | None:
        """Take the job whose step is due, and whether it has all the cores for itself."""
        with self._choosing:
            self._receive()
            self._ready = [job for job in self._ready if not job.closed]
            now = time.monotonic()
            few = self._running + len(self._ready) < max(self._cores, 2)
            soon = self._running and 0 <= self._over_at - now < _SOON_S
            if not self._ready or (few and soon):
                return None
            alone = few and not self._running
            turns = [job.turn(now, alone=alone) for job in self._ready]
            at = choose(turns, now, 1 if alone else self._cores)
            self._over_at = max(self._over_at, now + turns[at].cost_s)
            self._running += 1
            job = self._ready.pop(at)
            if self._ready and not alone and self._running < self._cores:
                self._arrived.put(None)
            return job, alone

    def _wait(self) -> None:
        """For a job, or a nudge; not long where one is ready and waits for all the cores."""
        with suppress(queue.Empty):
            job = None if self._closing else self._arrived.get(timeout=self._patience_s())
            if job is not None:
                with self._choosing:
                    self._ready.append(job)

    def _patience_s(self) -> float | None:
        return _SOON_S if self._ready else None

    def _receive(self) -> None:
        with suppress(queue.Empty):
            while True:
                if (job := self._arrived.get_nowait()) is not None:
                    self._ready.append(job)


async def _chunks(job: Job) -> AsyncGenerator[Chunk, None]:
    try:
        while (made := await job.made()) is not None:
            yield made
    finally:
        job.close()
