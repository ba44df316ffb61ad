"""A file on its way: it grows under a name of its own, and is checked before it gets its real one.

Everything here blocks, except where it is async.
"""

import asyncio
import os
from pathlib import Path

from wyoming_voiceclone.hub.disk import disk_troubles
from wyoming_voiceclone.hub.files import RemoteFile

_HASHED_AT_ONCE = 16_000_000  # bytes: 0.1 s on a small machine, so that cancelling is not late


def part_size(part: Path) -> int:
    with disk_troubles(part):
        return part.stat().st_size if part.exists() else 0


def cut(part: Path, size: int) -> None:
    """Make it `size` bytes long; there or not, its folder too."""
    with disk_troubles(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            if file.tell() != size:
                file.truncate(size)


def append(part: Path, piece: bytes) -> None:
    with disk_troubles(part), part.open("ab") as file:
        file.write(piece)


def remove(part: Path) -> None:
    with disk_troubles(part):
        part.unlink(missing_ok=True)


async def is_whole(path: Path, file: RemoteFile) -> bool:
    """Whether it has the size and the checksum that were announced. Cancelled within a moment."""
    if await asyncio.to_thread(part_size, path) != file.size:
        return False
    return await digest_of(path, file) == file.checksum.digest


async def digest_of(path: Path, file: RemoteFile) -> str:
    """The digest of `path`, of the kind that `file` is checked by. Raises DownloadError."""
    digest = file.checksum.begin(file.size)

    def take(offset: int) -> None:
        with disk_troubles(path), path.open("rb") as content:
            content.seek(offset)
            digest.update(content.read(_HASHED_AT_ONCE))

    for offset in range(0, file.size, _HASHED_AT_ONCE):
        await asyncio.to_thread(take, offset)
    return str(digest.hexdigest())


def settle(path: Path) -> None:
    """Have the disk keep it: what is renamed after this survives a power cut whole."""
    with disk_troubles(path), path.open("rb") as file:
        os.fsync(file.fileno())
