"""Where the socket is, and how a path too long for the kernel is reached all the same."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "control.sock"
_LONGEST = 100
"""Bytes; the kernel takes 107 on Linux and 103 on macOS, and binding adds a suffix."""


def socket_in(data: Path) -> Path:
    """One per data folder: whoever has the same settings finds it."""
    return data / _NAME


@contextmanager
def reachable(path: Path) -> Iterator[Path]:
    """The same file under a path that is short enough. Blocks."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="voiceclone-") as folder:
        link = Path(folder) / "at"
        link.symlink_to(path.parent, target_is_directory=True)
        yield link / path.name
