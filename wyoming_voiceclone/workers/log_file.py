"""A worker's log file: the newest lines, and no more than fits in two files. Blocks."""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

LIMIT_BYTES = 1_000_000
"""Of one file; the one before it is kept beside it."""
LOOK_S = 0.3
"""Between two looks for new lines."""


def append(path: Path, lines: Iterable[str]) -> None:
    """Write lines to the end. Raises OSError, also where its folder is gone: it stays so."""
    text = "".join(f"{line}\n" for line in lines)
    # what is said may be in it, at the level DEBUG
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
        file.write(text.encode(errors="replace"))
        size = file.tell()
    if size > LIMIT_BYTES:
        path.replace(_before(path))


def last_lines(path: Path, most: int) -> list[str]:
    """The newest lines, the oldest of them first; [] when there is no file."""
    lines: deque[str] = deque(maxlen=most)
    for one in (_before(path), path):
        try:
            with one.open(encoding="utf-8", errors="replace") as file:
                lines.extend(line.rstrip("\n") for line in file)
        except FileNotFoundError:
            continue
    return [*lines]


def follow(path: Path, most: int) -> Iterator[str]:
    """The newest lines, then each new one as it comes, for ever; also across a change of files."""
    inode, at = _end(path)
    yield from last_lines(path, most)
    while True:
        now, size = _end(path)
        if now != inode:
            if _end(_before(path))[0] == inode:
                yield from _lines_from(_before(path), at)  # the last ones before the change
            inode, at = now, 0
        if size > at:
            lines = _lines_from(path, at)
            at += sum(len(line.encode(errors="surrogateescape")) + 1 for line in lines)
            yield from lines
        time.sleep(LOOK_S)


def _end(path: Path) -> tuple[int, int]:
    """Which file it is, and how long."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return 0, 0
    return about.st_ino, about.st_size


def _lines_from(path: Path, at: int) -> list[str]:
    """The whole lines from a place on."""
    try:
        with path.open("rb") as file:
            file.seek(at)
            whole = file.read().rpartition(b"\n")[0]
    except FileNotFoundError:
        return []
    return whole.decode(errors="surrogateescape").split("\n") if whole else []


def _before(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
