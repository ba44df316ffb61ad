"""Speaker states on disk: one safetensors file each. Blocking: for threads."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from wyoming_voiceclone.lru_folder import LruFolder, Size
from wyoming_voiceclone.voices.speaker_file import (
    Origin,
    SpeakerFile,
    dump_speaker,
    parse_origin,
    parse_speaker,
)

_HEAD = 65_536
"""Bytes of a file that hold its header, whatever engine wrote it."""


class Kept(NamedTuple):
    key: str
    bytes: int
    origin: Origin


class SpeakerStore:
    """The folder. Other processes may write to and clean the same one."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._files = LruFolder(folder, ".safetensors", limit_bytes, spread=False)

    def read(self, key: str) -> SpeakerFile | None:
        """The state; None where there is none. A corrupt file is removed."""
        if (data := self._files.read(key)) is None:
            return None
        try:
            file = parse_speaker(data)
        except ValueError:
            self._files.remove(key)
            return None
        self._files.touch(key)
        return file

    def write(self, key: str, file: SpeakerFile, used: Collection[str] = ()) -> None:
        """Keep it; `used` were used since, and go last. Raises OSError, ValueError."""
        self._files.touch(*used)
        self._files.write(key, dump_speaker(file))

    def holds(self, key: str) -> bool:
        return self._files.path(key).exists()

    def kept(self) -> Iterator[Kept]:
        """Everything that is there; corrupt files are left out."""
        for key in list(self._files.keys()):
            with suppress(OSError, ValueError):
                path = self._files.path(key)
                with path.open("rb") as file:
                    origin = parse_origin(file.read(_HEAD))
                yield Kept(key, path.stat().st_size, origin)

    def purge(self, references: Collection[str]) -> None:
        """Remove what was computed from these references (digests)."""
        for kept in self.kept():
            if kept.origin.reference in references:
                self._files.remove(kept.key)
        self._files.count()

    def count(self) -> Size:
        """Count what is there now."""
        return self._files.count()

    def clear(self) -> None:
        """Remove every state. Raises OSError."""
        self._files.clear()
