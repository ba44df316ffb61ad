"""A folder of files by key that never grows over its limit: the longest unused ones go first.

Blocking: for threads. Other processes may write to and clean the same one.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_ROOM = 0.9
"""Share of the limit left after making room, so that it is not made for every file."""
_ABANDONED_S = 3600.0
"""Age at which a temporary file belongs to a process that died."""


class Size(NamedTuple):
    entries: int
    bytes: int


class LruFolder:
    """Files `<key><suffix>`; `spread` over 256 folders where there are thousands."""

    def __init__(self, folder: Path, suffix: str, limit_bytes: int, *, spread: bool) -> None:
        self._folder, self._suffix, self._spread = folder, suffix, spread
        self._limit = limit_bytes
        self._size = Size(0, 0)

    @property
    def size(self) -> Size:
        """As it was counted, and what was written since."""
        return self._size

    def path(self, key: str) -> Path:
        folder = self._folder / key[:2] if self._spread else self._folder
        return folder / f"{key}{self._suffix}"

    def read(self, key: str) -> bytes | None:
        """The file's content; None where there is none, or none that can be read."""
        try:
            return self.path(key).read_bytes()
        except OSError:
            return None

    def touch(self, *keys: str) -> None:
        """Mark as used just now."""
        for key in keys:
            with suppress(OSError):
                os.utime(self.path(key))

    def write(self, key: str, data: bytes) -> None:
        """Keep `data`, whole or not at all; make room when the limit is passed. Raises OSError."""
        path = self.path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = path.exists()
        replace_file(path, data)
        if not known:
            self._size = Size(self._size.entries + 1, self._size.bytes + len(data))
        if self._size.bytes > self._limit:
            self.make_room()

    def remove(self, key: str) -> None:
        with suppress(OSError):
            self.path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        for _, _, path in self._files():
            yield Path(path).name.removesuffix(self._suffix)

    def count(self) -> Size:
        """Count what is there now."""
        sizes = [size for _, size, _ in self._files()]
        self._size = Size(len(sizes), sum(sizes))
        return self._size

    def make_room(self) -> None:
        """Count, and remove the longest unused while it is too much."""
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
        """Remove every file. Raises OSError."""
        for _, _, path in list(self._files()):
            Path(path).unlink(missing_ok=True)
        self._size = Size(0, 0)

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """(last used, bytes, path) of every file."""
        for folder in self._folders():
            for file in _entries(folder):
                with suppress(OSError):
                    stat = file.stat(follow_symlinks=False)
                    if file.name.endswith(self._suffix):
                        yield stat.st_mtime, stat.st_size, file.path
                    elif file.name.endswith(".tmp") and time.time() - stat.st_mtime > _ABANDONED_S:
                        Path(file.path).unlink(missing_ok=True)

    def _folders(self) -> Iterator[Path]:
        if not self._spread:
            yield self._folder
            return
        for entry in _entries(self._folder):
            if len(entry.name) == 2 and entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Raises OSError."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
