"""The disk that downloads go to: who may write, whether there is room, and what it refuses."""

import asyncio
import errno
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from shutil import disk_usage
from typing import BinaryIO

from wyoming_voiceclone.errors import DownloadError

_SLACK_BYTES = 50_000_000  # left free for everybody else


@contextmanager
def disk_troubles(path: Path) -> Iterator[None]:
    """Turn whatever the disk refuses inside into a DownloadError."""
    try:
        yield
    except OSError as error:
        raise _told(path, error) from error


def _told(path: Path, error: OSError) -> DownloadError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DownloadError(f"{path}: the disk is full — free some space")
    return DownloadError(f"{path}: cannot be written ({error.strerror or error}) — allow it")


def free_bytes_at(folder: Path) -> int:
    return disk_usage(folder).free


def check_room(
    name: str, missing: int, folder: Path, free_bytes: Callable[[Path], int] = free_bytes_at
) -> None:
    """Raise DownloadError if the disk cannot take `missing` more bytes. Blocks."""
    with disk_troubles(folder):
        free = free_bytes(folder)
    if missing > 0 and free < missing + _SLACK_BYTES:
        raise DownloadError(
            f"{name}: {_mb(missing)} missing, but {folder} has only {_mb(free)} "
            f"free — free {_mb(missing + _SLACK_BYTES - free)}"
        )


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def lock(path: Path, name: str) -> Callable[[], None]:
    """Keep other processes from downloading the same until the result is called. Blocks.

    Raises DownloadError while another one does. A process that dies gives it back.
    """
    with disk_troubles(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        while (file := _locked(path, name)) is None:
            pass

    def release() -> None:
        with file, suppress(OSError):
            path.unlink()  # while it is locked: whoever opened it before sees that it is gone

    return release


@asynccontextmanager
async def held(take: Callable[[], Callable[[], None]]) -> AsyncIterator[None]:
    """Inside, the lock that `take` takes is held; also a cancellation gives it back."""
    taking = asyncio.ensure_future(asyncio.to_thread(take))
    try:
        release = await asyncio.shield(taking)
    except asyncio.CancelledError:
        with suppress(DownloadError):
            await asyncio.to_thread(await taking)
        raise
    try:
        yield
    finally:
        await asyncio.to_thread(release)


def _locked(path: Path, name: str) -> BinaryIO | None:
    """The file, locked; None when it was removed meanwhile, so that others lock a new one."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("wb"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait = "another process is downloading it — wait until it is there"
            raise DownloadError(f"{name}: {wait}") from None
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                stack.pop_all()
                return file
    return None
