"""The room that installed things take on the disk, and what the disk refuses."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wyoming_voiceclone.errors import InstallError


def occupied(*folders: Path) -> int:
    """Bytes of the files in these folders; one that has several names counts once. Blocks."""
    sizes: dict[tuple[int, int], int] = {}
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                with suppress(OSError):
                    stat = (Path(parent) / name).lstat()
                    sizes[stat.st_dev, stat.st_ino] = stat.st_blocks * 512
    return sum(sizes.values())


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
