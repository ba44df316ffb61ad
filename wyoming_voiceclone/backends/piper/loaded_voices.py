"""Voices in memory: loaded once, several at a time, the least used one going when it gets tight."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.voice_config import VoiceFile
from wyoming_voiceclone.errors import BackendUnavailable

_LOG = logging.getLogger(__name__)

Load = Callable[[VoiceFile], LoadedVoice]
"""Blocks; raises BackendUnavailable."""

_Key = tuple[str, str]  # name and revision: another content is another voice


@dataclass(eq=False, slots=True)
class _Place:
    """One voice in memory, or on its way there."""

    task: "asyncio.Task[LoadedVoice]"
    users: int = 0
    began: float = field(default_factory=time.monotonic)
    failed_at: float = 0.0

    @property
    def failed(self) -> bool:
        done = self.task.done()
        return done and (self.task.cancelled() or self.task.exception() is not None)

    def size(self) -> int:
        loaded = self.task.done() and not self.failed
        return self.task.result().memory_bytes if loaded else 0


class LoadedVoices:
    """Bounded by `limit` bytes, unless more are being spoken with at the same time."""

    def __init__(self, load: Load, limit: int, *, retry_s: float = 60.0) -> None:
        """`retry_s`: when to try again what failed; changed files are tried at once."""
        self._retry_s = retry_s
        self._load, self._limit = load, limit
        self._places: OrderedDict[_Key, _Place] = OrderedDict()
        """The least recently used one first."""
        self._closed = False
        # one of its own: loading takes seconds, and everybody shares asyncio's few threads
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="piper-load")

    @property
    def names(self) -> list[str]:
        """Those in memory, the least recently used one first."""
        return [name for (name, _), place in self._places.items() if place.size()]

    @asynccontextmanager
    async def using(
        self, file: VoiceFile, *, patience_s: float | None = None
    ) -> AsyncIterator[LoadedVoice]:
        """The voice, loaded; it stays so until the end. Raises BackendUnavailable.

        Also once loading has taken `patience_s`; it then goes on for the next one.
        """
        place = self._place(file)
        place.users += 1
        try:
            voice = await _patiently(place, file.name, patience_s)
            self._make_room()
            yield voice
        finally:
            place.users -= 1
            self._make_room()

    async def aclose(self) -> None:
        self._closed = True
        tasks = [place.task for place in self._places.values()]
        await asyncio.gather(*tasks, return_exceptions=True)
        self._places.clear()
        self._thread.shutdown(wait=False)

    def _place(self, file: VoiceFile) -> _Place:
        if self._closed:
            raise BackendUnavailable("piper is closed")
        key = file.name, file.revision
        if key not in self._places or self._is_stale(self._places[key]):
            self._make_room(file.size)
            task = asyncio.create_task(self._loaded(file))
            place = self._places[key] = _Place(task)
            task.add_done_callback(partial(_tell_failure, file.name, place))
        self._places.move_to_end(key)
        return self._places[key]

    async def _loaded(self, file: VoiceFile) -> LoadedVoice:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._load, file)

    def _is_stale(self, place: _Place) -> bool:
        return place.failed and time.monotonic() - place.failed_at > self._retry_s

    def _make_room(self, needed: int = 0) -> None:
        """Forget voices nobody is speaking with until the rest, and `needed` bytes, fit."""
        sizes = {key: place.size() for key, place in self._places.items()}
        total = needed + sum(sizes.values())
        for key, place in list(self._places.items()):
            idle = place.users == 0 and place.task.done()
            if idle and ((total > self._limit and place.size()) or self._is_stale(place)):
                del self._places[key]
                total -= sizes[key]
                _LOG.debug("%s: no longer in memory", key[0])


async def _patiently(place: _Place, name: str, patience_s: float | None) -> LoadedVoice:
    left_s = None
    if patience_s is not None:
        left_s = max(0.0, place.began + patience_s - time.monotonic())
    try:
        async with asyncio.timeout(left_s):
            return await asyncio.shield(place.task)  # others may be waiting for the same voice
    except TimeoutError as error:
        raise BackendUnavailable(f"{name} is still being loaded — it speaks in a moment") from error


def _tell_failure(name: str, place: _Place, task: "asyncio.Task[LoadedVoice]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        place.failed_at = time.monotonic()
        _LOG.warning("%s cannot speak: %s", name, error)
