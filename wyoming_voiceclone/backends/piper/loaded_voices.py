"""Voices in memory: loaded once, several at a time, the least used one going when it gets tight."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

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

    def size(self) -> int:
        loaded = self.task.done() and not self.task.cancelled() and not self.task.exception()
        return self.task.result().memory_bytes if loaded else 0


class LoadedVoices:
    """Bounded by `limit` bytes, unless more are being spoken with at the same time."""

    def __init__(self, load: Load, limit: int) -> None:
        self._load, self._limit = load, limit
        self._places: OrderedDict[_Key, _Place] = OrderedDict()
        """The least recently used one first."""
        self._closed = False

    @property
    def names(self) -> list[str]:
        """Those in memory, the least recently used one first."""
        return [name for (name, _), place in self._places.items() if place.size()]

    @asynccontextmanager
    async def using(
        self, file: VoiceFile, *, patience_s: float | None = None
    ) -> AsyncIterator[LoadedVoice]:
        """The voice, loaded; it stays so until the end. Raises BackendUnavailable.

        Also when loading takes longer than `patience_s`; it then goes on for the next one.
        """
        place = self._place(file)
        place.users += 1
        try:
            voice = await _patiently(place.task, file.name, patience_s)
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

    def _place(self, file: VoiceFile) -> _Place:
        if self._closed:
            raise BackendUnavailable("piper is closed")
        key = file.name, file.revision
        if key not in self._places or _failed(self._places[key].task):
            self._make_room(file.size)
            task = asyncio.create_task(asyncio.to_thread(self._load, file))
            task.add_done_callback(_failed)  # so that nobody's failure is nobody's warning
            self._places[key] = _Place(task)
        self._places.move_to_end(key)
        return self._places[key]

    def _make_room(self, needed: int = 0) -> None:
        """Forget voices nobody is speaking with until the rest, and `needed` bytes, fit."""
        sizes = {key: place.size() for key, place in self._places.items()}
        total = needed + sum(sizes.values())
        for key, place in list(self._places.items()):
            idle = place.users == 0 and place.task.done()
            if idle and (total > self._limit or _failed(place.task)):
                del self._places[key]
                total -= sizes[key]
                _LOG.debug("%s: no longer in memory", key[0])


async def _patiently(
    task: "asyncio.Task[LoadedVoice]", name: str, patience_s: float | None
) -> LoadedVoice:
    try:
        async with asyncio.timeout(patience_s):
            return await asyncio.shield(task)  # others may be waiting for the same voice
    except TimeoutError as error:
        raise BackendUnavailable(f"{name} is still being loaded — it speaks in a moment") from error


def _failed(task: "asyncio.Task[LoadedVoice]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
