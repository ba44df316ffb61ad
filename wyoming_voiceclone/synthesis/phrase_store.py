"""Phrases on disk: one FLAC file each, the longest unheard ones removed. Blocking: for threads."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from wyoming_voiceclone.audio import flac
from wyoming_voiceclone.audio.flac import Recording
from wyoming_voiceclone.backends import Timing

_ROOM = 0.9
"""Share of the limit left after making room, so that it is not made for every phrase."""
_ABANDONED_S = 3600.0
"""Age at which a temporary file belongs to a process that died."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence as it was spoken."""

    recording: Recording
    full_scale: float
    timings: tuple[Timing, ...]


class Size(NamedTuple):
    entries: int
    bytes: int


class PhraseStore:
    """The folder. Other processes may write to and clean the same one."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._size = Size(0, 0)

    @property
    def size(self) -> Size:
        return self._size

    def read(self, key: str) -> Phrase | None:
        """The phrase; None where there is none. A corrupt file is removed."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        try:
            phrase = _decode(data)
        except (ValueError, KeyError, TypeError):
            path.unlink(missing_ok=True)
            return None
        self.touch(key)
        return phrase

    def touch(self, *keys: str) -> None:
        """Mark as heard just now."""
        for key in keys:
            with suppress(OSError):
                os.utime(self._path(key))

    def write(self, key: str, phrase: Phrase) -> None:
        """Keep `phrase` and make room when the limit is passed. Raises OSError."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = _encode(phrase)
        known = path.exists()
        _replace(path, data)
        if not known:
            self._size = Size(self._size.entries + 1, self._size.bytes + len(data))
        if self._size.bytes > self._limit:
            self.make_room()

    def count(self) -> Size:
        """Count what is there now."""
        sizes = [size for _, size, _ in self._files()]
        self._size = Size(len(sizes), sum(sizes))
        return self._size

    def make_room(self) -> None:
        """Count, and remove the longest unheard while it is too much."""
        kept, size = self.count()
        if size <= self._limit:
            return
        for _, bytes_, path in sorted(self._files()):
            if size <= self._limit * _ROOM:
                break
            with suppress(OSError):
                Path(path).unlink(missing_ok=True)
                kept, size = kept - 1, size - bytes_
        self._size = Size(kept, size)

    def clear(self) -> None:
        """Remove every phrase. Raises OSError."""
        for _, _, path in list(self._files()):
            Path(path).unlink(missing_ok=True)
        self._size = Size(0, 0)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.flac"

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """(last heard, bytes, path) of every phrase."""
        for folder in _entries(self._folder):
            if len(folder.name) != 2 or not folder.is_dir(follow_symlinks=False):
                continue
            for file in _entries(Path(folder.path)):
                with suppress(OSError):
                    stat = file.stat(follow_symlinks=False)
                    if file.name.endswith(".flac"):
                        yield stat.st_mtime, stat.st_size, file.path
                    elif file.name.endswith(".tmp") and time.time() - stat.st_mtime > _ABANDONED_S:
                        Path(file.path).unlink(missing_ok=True)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _encode(phrase: Phrase) -> bytes:
    timings = [[timing.text, timing.start_s, timing.end_s] for timing in phrase.timings]
    return flac.encode(phrase.recording, json.dumps([phrase.full_scale, timings]))


def _decode(data: bytes) -> Phrase:
    recording, note = flac.decode(data)
    full_scale, timings = json.loads(note)
    return Phrase(recording, full_scale, tuple(Timing(*timing) for timing in timings))
