"""The speaker cache: what engines learnt about voices, in memory and on disk."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, CannotClone, VoiceCloneError
from wyoming_voiceclone.voices.refusals import Refusals
from wyoming_voiceclone.voices.speaker_file import Origin, SpeakerFile
from wyoming_voiceclone.voices.speaker_memory import SpeakerMemory
from wyoming_voiceclone.voices.speaker_state import SpeakerState
from wyoming_voiceclone.voices.speaker_store import SpeakerStore

_LOGGER = logging.getLogger(__name__)

_REFUSED_S = 600.0
"""How long a refusal that is for good is believed: weights may be installed meanwhile."""
_BROKEN_S = 60.0
"""How long an engine that crashed on a voice is spared it."""
_CLOSING_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One speaker state: its key, where it comes from, and whether it may be written down."""

    key: str
    origin: Origin = field(default_factory=Origin)
    keep: bool = True


@dataclass(frozen=True, slots=True)
class SpeakerStats:
    entries: int
    """On disk."""
    bytes: int
    remembered: int
    """In memory."""
    remembered_bytes: int
    hits: int
    misses: int
    seconds: Mapping[str, float]
    """Spent computing, by voice."""


@dataclass(slots=True)
class _Computing:
    wanted: Wanted
    task: asyncio.Task[SpeakerState]
    share: float = 0.0


Compute = Callable[[Callable[[float], None]], Awaitable[SpeakerState]]
"""Given a callback for the share that is done."""


class SpeakerCache:
    """States by key. Each is computed once, whoever waits for it and whoever gives up waiting."""

    def __init__(
        self,
        folder: Path,
        *,
        limit_bytes: int = 1_000_000_000,
        memory_bytes: int = 200_000_000,
        at_once: int = 2,
    ) -> None:
        """`at_once`: how many states are computed at a time."""
        self._folder = folder
        self._store = SpeakerStore(folder, limit_bytes)
        self._memory = SpeakerMemory(memory_bytes)
        self._computing: dict[str, _Computing] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._refusals = Refusals()
        self._slots = asyncio.Semaphore(at_once)
        self._seconds: dict[str, float] = {}
        self._hits = self._misses = 0
        self._disk_fails = self._closed = False

    async def stats(self) -> SpeakerStats:
        size = await asyncio.to_thread(self._store.count)
        memory = len(self._memory), self._memory.bytes
        return SpeakerStats(*size, *memory, self._hits, self._misses, dict(self._seconds))

    def remembered(self, key: str) -> SpeakerState | None:
        """The state, where nobody has to wait for it."""
        file = self._memory.get(key)
        return None if file is None else file.state

    def share(self, key: str) -> float | None:
        """How much of a state is computed, 0 to 1; None while nobody computes it."""
        computing = self._computing.get(key)
        return None if computing is None else computing.share

    async def state(self, wanted: Wanted, compute: Compute) -> SpeakerState:
        """The state from memory or disk, else computed; cancelling gives up waiting, no more.

        Raises what `compute` raises, and BackendUnavailable once closed.
        """
        if (state := self.remembered(wanted.key)) is not None:
            self._hits += 1
            return state
        self._refusals.raise_for(wanted.key)
        task = self._begin(wanted, compute).task
        await asyncio.wait({task})
        if task.cancelled():
            raise BackendUnavailable("the speaker cache is closed, or the voice was removed")
        return task.result()

    async def prepare(self, wanted: Wanted, compute: Compute) -> None:
        """See that the state is in memory while there is room, else on disk. Raises as `state`."""
        if not self._memory.has_room and await asyncio.to_thread(self._store.holds, wanted.key):
            return
        await self.state(wanted, compute)

    async def purge(self, references: Collection[str]) -> None:
        """Remove everything derived from these references (digests)."""
        mine = [c.task for c in self._computing.values() if c.wanted.origin.reference in references]
        await _cancelled(mine)
        await self._written()
        self._memory.purge(references)
        await asyncio.to_thread(self._store.purge, references)

    async def forget(self, keys: Collection[str]) -> None:
        """Remove states that were never written down, also while they are computed."""
        begun = [self._computing[key] for key in keys if key in self._computing]
        await _cancelled([one.task for one in begun if not one.wanted.keep])
        for key in keys:
            self._memory.forget(key)

    async def clear(self) -> None:
        """Remove every state. Raises OSError where the folder cannot be changed."""
        await self._written()
        self._memory.clear()
        self._refusals.clear()
        await asyncio.to_thread(self._store.clear)

    async def aclose(self) -> None:
        """Stop computing; write what waits, within a few seconds. Safe to call twice."""
        self._closed = True
        await _cancelled([computing.task for computing in self._computing.values()])
        try:
            async with asyncio.timeout(_CLOSING_S):
                await self._written()
        except TimeoutError:
            _LOGGER.warning(
                "speaker cache: %s is too slow, some states were not kept", self._folder
            )
            await _cancelled(list(self._writing))

    def _begin(self, wanted: Wanted, compute: Compute) -> _Computing:
        if self._closed:
            raise BackendUnavailable("the speaker cache is closed")
        if (computing := self._computing.get(wanted.key)) is None:
            task = asyncio.create_task(self._obtain(wanted, compute), name="speaker state")
            # everybody may have given up waiting by the time it fails
            task.add_done_callback(partial(self._done, wanted.key))
            computing = self._computing[wanted.key] = _Computing(wanted, task)
        return computing

    def _done(self, key: str, task: asyncio.Task[SpeakerState]) -> None:
        del self._computing[key]
        if not task.cancelled():
            task.exception()

    async def _obtain(self, wanted: Wanted, compute: Compute) -> SpeakerState:
        try:
            if wanted.keep and (file := await asyncio.to_thread(self._store.read, wanted.key)):
                self._hits += 1
            else:
                file = await self._computed(wanted, compute)
            self._memory.put(wanted.key, file)
        except (CannotClone, BadRecording) as error:
            self._refusals.add(wanted.key, error, _REFUSED_S)
            raise
        except VoiceCloneError:
            raise
        except Exception as error:
            _LOGGER.exception("%s failed to learn %s", wanted.origin.engine, wanted.origin.voice)
            broken = BackendUnavailable(f"{wanted.origin.engine} failed ({error}) — see the log")
            self._refusals.add(wanted.key, broken, _BROKEN_S)
            raise broken from error
        else:
            return file.state

    async def _computed(self, wanted: Wanted, compute: Compute) -> SpeakerFile:
        self._misses += 1
        async with self._slots:
            began = time.monotonic()
            state = await compute(partial(self._tell, wanted.key))
            seconds = time.monotonic() - began
        voice = wanted.origin.voice
        self._seconds[voice] = self._seconds.get(voice, 0.0) + seconds
        file = SpeakerFile(state, replace(wanted.origin, seconds=seconds))
        if wanted.keep:
            writing = asyncio.create_task(self._write(wanted.key, file), name="speaker file")
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)
        return file

    def _tell(self, key: str, share: float) -> None:
        if (computing := self._computing.get(key)) is not None:
            computing.share = max(computing.share, min(1.0, share))

    async def _write(self, key: str, file: SpeakerFile) -> None:
        try:
            # from memory, so the disk learns of it before it chooses what to remove
            await asyncio.to_thread(self._store.write, key, file, self._memory.keys)
        except OSError as error:
            self._tell_disk(error)
        except ValueError as error:
            _LOGGER.warning("speaker cache: %s is only remembered: %s", file.origin.voice, error)
        else:
            self._disk_fails = False

    def _tell_disk(self, error: OSError) -> None:
        if not self._disk_fails:
            _LOGGER.warning(
                "speaker cache: %s cannot be written (%s), so voices are learnt again at the next"
                " start - free some space, or make it writable",
                self._folder,
                error.strerror or error,
            )
        self._disk_fails = True

    async def _written(self) -> None:
        if self._writing:
            await asyncio.wait(set(self._writing))


async def _cancelled(tasks: Collection[asyncio.Task[SpeakerState] | asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
