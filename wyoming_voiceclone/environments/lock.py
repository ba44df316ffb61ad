"""One process at a time changes what is installed of an engine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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
        with suppress(OSError):
            if _is(home, held):
                home.rmdir()  # nothing came of it; while it is locked, so that it is nobody else's
        os.close(held)


def _held(home: Path) -> int | None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _unusable(home, error) from error
    with ExitStack() as stack:
        stack.callback(os.close, descriptor)
        _lock(descriptor, home)
        if _is(home, descriptor):
            stack.pop_all()
            return descriptor
    return None


def _is(home: Path, descriptor: int) -> bool:
    """Whether it still is the folder that was opened."""
    try:
        return home.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _lock(descriptor: int, home: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InstallError(
            f"{home.name}: another process is installing or removing it — wait until it is done"
        ) from None
    except OSError as error:  # a disk on the network that knows no locks
        raise _unusable(home, error) from error


def _unusable(home: Path, error: OSError) -> InstallError:
    return InstallError(
        f"{home}: cannot be used ({error.strerror}) — allow it, or set another [folders] data"
    )
