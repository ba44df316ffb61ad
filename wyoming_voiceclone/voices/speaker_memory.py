"""Speaker states in memory: the least recently used go first."""

from collections import OrderedDict
from collections.abc import Collection

from wyoming_voiceclone.voices.speaker_file import SpeakerFile


class SpeakerMemory:
    """States by key, as many as `limit_bytes` hold, and always the newest one."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self.bytes = limit_bytes, 0
        self._files: OrderedDict[str, SpeakerFile] = OrderedDict()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def keys(self) -> list[str]:
        return list(self._files)

    @property
    def has_room(self) -> bool:
        """Whether another state fits, if it is as large as those there."""
        return self.bytes + self.bytes / max(1, len(self)) <= self._limit

    def get(self, key: str) -> SpeakerFile | None:
        if (file := self._files.get(key)) is not None:
            self._files.move_to_end(key)
        return file

    def put(self, key: str, file: SpeakerFile) -> None:
        self.forget(key)
        self._files[key] = file
        self.bytes += file.state.bytes
        # the newest stays in any case: somebody is about to speak with it
        while self.bytes > self._limit and len(self) > 1:
            self.forget(next(iter(self._files)))

    def forget(self, key: str) -> None:
        if (file := self._files.pop(key, None)) is not None:
            self.bytes -= file.state.bytes

    def purge(self, references: Collection[str]) -> None:
        """Forget what was computed from these references (digests)."""
        for key, file in list(self._files.items()):
            if file.origin.reference in references:
                self.forget(key)

    def clear(self) -> None:
        self._files.clear()
        self.bytes = 0
