"""The room that installed things take on the disk, and what the disk refuses."""

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from wyoming_voiceclone.errors import InstallError


def occupied(*folders: Path) -> int:
    """Bytes of the files in these folders; one that has several names counts once. Blocks."""
    return sum(size for size, _, _ in _files(folders))


def freeable(*folders: Path) -> int:
    """Bytes that would be free without these folders: what has a name elsewhere stays. Blocks."""
    return sum(size for size, names, links in _files(folders) if names == links)


def _files(folders: Sequence[Path]) -> Iterable[tuple[int, int, int]]:
    """(bytes, names in these folders, names in all) of every file."""
    found: dict[tuple[int, int], tuple[int, int, int]] = {}
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                with suppress(OSError):
                    stat = (Path(parent) / name).lstat()
                    _, so_far, _ = found.get((stat.st_dev, stat.st_ino), (0, 0, 0))
                    about = stat.st_blocks * 512, so_far + 1, stat.st_nlink
                    found[stat.st_dev, stat.st_ino] = about
    return found.values()


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn whatever the disk refuses inside into an InstallError."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            fact = "the disk is full — free some space and run it again"
        else:
            fact = f"cannot be written ({error.strerror or error}) — allow it and run it again"
        raise InstallError(f"{error.filename or place}: {fact}") from error
