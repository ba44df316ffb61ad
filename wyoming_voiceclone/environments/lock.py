"""One process at a time changes what is installed of an engine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wyoming_voiceclone.errors import InstallError


@contextmanager
def locked(home: Path) -> Iterator[int]:
    """Hold the engine's folder, made where it is missing; a process that dies lets go of it.

    The descriptor is for the processes that work there: what outlives us keeps the lock. Raises
    InstallError while another process has it. Blocks.
    """
    held = None
    while held is None:  # whoever removes the engine removes the folder that we may have waited on
        held = _held(home)
    try:
        yield held
    finally:
        os.close(held)
        with suppress(OSError):
            home.rmdir()  # nothing came of it


def _held(home: Path) -> int | None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InstallError(
            f"{home}: cannot be used ({error.strerror}) — allow it, or set another [folders] data"
        ) from error
    with suppress(OSError):
        if _locked(descriptor, home) and home.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    os.close(descriptor)
    return None


def _locked(descriptor: int, home: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InstallError(
            f"{home.name}: another process is installing or removing it — wait until it is done"
        ) from None
    return True
