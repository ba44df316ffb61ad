"""The phrase cache: whole sentences already spoken, replayed instead of computed again."""

import asyncio
import hashlib
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.flac import Recording
from wyoming_voiceclone.backends import SynthesisRequest, Timing
from wyoming_voiceclone.synthesis.phrase_store import Phrase, PhraseStore

_LOG = logging.getLogger(__name__)

_FORMAT = 1
"""Raised whenever an old file must not be replayed any more."""
_WAITING = 8
"""Sentences that may wait to be written; more are not kept."""
_READ_DEADLINE_S = 0.25
"""A disk slower than this is no faster than speaking."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence that was heard whole, about to be kept."""

    rate: int
    chunks: Sequence[Chunk]
    full_scale: float
    timings: tuple[Timing, ...]

    def phrase(self) -> Phrase:
        recording = Recording.of(self.rate, np.concatenate(self.chunks))
        return Phrase(recording, self.full_scale, self.timings)


@dataclass(frozen=True, slots=True)
class PhraseStats:
    entries: int
    bytes: int
    hits: int
    misses: int


class PhraseCache:
    """Phrases by key, in memory and on disk. Trouble with the disk is a miss, never an error."""

    def __init__(
        self,
        folder: Path,
        limit_bytes: int = 500_000_000,
        *,
        memory_bytes: int = 16_000_000,
        longest_s: float = 30.0,
        pause_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`limit_bytes` 0 = no cache; `pause_s`: how long a failing disk is left alone."""
        self.longest_s = longest_s
        self._folder, self._limit = folder, limit_bytes
        self._store = PhraseStore(folder, limit_bytes)
        self._memory: OrderedDict[str, Phrase] = OrderedDict()
        self._memory_left = memory_bytes
        self._waiting: asyncio.Queue[tuple[str, Spoken]] = asyncio.Queue(_WAITING)
        self._counted = asyncio.Event()
        self._threads: ThreadPoolExecutor | None = None
        self._writer: asyncio.Task[None] | None = None
        self._clock, self._pause_s, self._paused_until = clock, pause_s, 0.0
        self._heard: set[str] = set()
        self._hits = self._misses = 0

    @property
    def enabled(self) -> bool:
        return self._limit > 0

    @property
    def stats(self) -> PhraseStats:
        """Of this process; the size is that of the folder when it was last counted."""
        return PhraseStats(*self._store.size, self._hits, self._misses)

    async def start(self) -> None:
        """Begin to keep phrases; before, everything is a miss."""
        if self.enabled and self._threads is None:
            # two: a read never waits behind a write
            self._threads = ThreadPoolExecutor(2, thread_name_prefix="phrases")
            self._writer = asyncio.create_task(self._write_all(self._threads), name="phrases")

    async def aclose(self) -> None:
        """Write what waits, within a few seconds. Safe to call twice."""
        threads, self._threads = self._threads, None
        if threads is None or self._writer is None:
            return
        try:
            async with asyncio.timeout(5):
                await self._waiting.join()
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(threads, self._store.touch, *self._heard)
        except TimeoutError:
            _LOG.warning("phrase cache: %s is too slow, some phrases were not kept", self._folder)
        finally:
            self._writer.cancel()
            await asyncio.wait([self._writer])
            threads.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def get(self, key: str) -> Phrase | None:
        """The phrase, if it was kept and can be read in time."""
        phrase = self._memory.get(key)
        if phrase is not None:
            self._memory.move_to_end(key)
            self._heard.add(key)
        elif self._threads is not None:
            phrase = await self._read(self._threads, key)
        self._hits += phrase is not None
        self._misses += phrase is None
        return phrase

    def put(self, key: str, spoken: Spoken) -> None:
        """Keep it soon; only in memory while the disk fails. Dropped when too much waits."""
        if self._threads is not None and not self._waiting.full():
            self._waiting.put_nowait((key, spoken))

    async def settled(self) -> None:
        """Return once the folder was counted and everything put so far is kept."""
        if self._threads is not None:
            await self._counted.wait()
            await self._waiting.join()

    async def clear(self) -> None:
        """Forget every phrase. Raises OSError where the folder cannot be changed."""
        await self.settled()
        for key in list(self._memory):
            self._forget(key)
        await asyncio.to_thread(self._store.clear)

    async def _read(self, threads: ThreadPoolExecutor, key: str) -> Phrase | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_READ_DEADLINE_S):
                phrase = await loop.run_in_executor(threads, self._store.read, key)
        except (TimeoutError, OSError):
            return None
        if phrase is not None:
            self._remember(key, phrase)
        return phrase

    async def _write_all(self, threads: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(threads, self._store.make_room)
        self._counted.set()
        while True:
            key, spoken = await self._waiting.get()
            try:
                phrase = await loop.run_in_executor(threads, spoken.phrase)
                self._remember(key, phrase)
                if self._clock() >= self._paused_until:
                    heard, self._heard = self._heard, set()
                    await loop.run_in_executor(threads, self._write, key, phrase, heard)
                    self._resume()
            except OSError as error:
                self._pause(error)
            except ValueError as error:
                _LOG.warning("phrase cache: a sentence was not kept: %s", error)
            finally:
                self._waiting.task_done()

    def _write(self, key: str, phrase: Phrase, heard: set[str]) -> None:
        # from memory, so the disk learns of it before it chooses what to remove
        self._store.touch(*heard)
        self._store.write(key, phrase)

    def _pause(self, error: OSError) -> None:
        if self._paused_until == 0.0:
            _LOG.warning(
                "phrase cache: %s cannot be written (%s), so sentences are only remembered until"
                " the next start - free some space, make it writable, or set its limit to 0",
                self._folder,
                error.strerror or error,
            )
        self._paused_until = self._clock() + self._pause_s

    def _resume(self) -> None:
        if self._paused_until:
            _LOG.info("phrase cache: %s can be written again", self._folder)
            self._paused_until = 0.0

    def _remember(self, key: str, phrase: Phrase) -> None:
        self._forget(key)
        self._memory[key] = phrase
        self._memory_left -= phrase.recording.samples.nbytes
        while self._memory_left < 0:
            self._forget(next(iter(self._memory)))

    def _forget(self, key: str) -> None:
        if (phrase := self._memory.pop(key, None)) is not None:
            self._memory_left += phrase.recording.samples.nbytes


def phrase_key(backend: str, revision: str, request: SynthesisRequest) -> str:
    """SHA-256 over everything that decides how the sentence sounds."""
    parts = [
        _FORMAT,
        backend,
        request.voice,
        revision,
        request.language,
        request.text,
        request.speed,
        request.seed,
        request.speaker_state.key if request.speaker_state else None,
        dict(request.settings),
    ]
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
