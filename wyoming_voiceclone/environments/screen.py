"""What another program writes: shown as it comes, and kept for whoever must explain its end."""

import asyncio
import os
import pty
import re
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_KEPT = 65_536
"""Bytes, from the end: all of an error."""
_LAST_WORDS_S = 1.0
"""For what is still on its way when the program has ended."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

Say = Callable[[str], None]


class Screen:
    """The reading end of its standard error."""

    def __init__(self, ours: int, theirs: int, show: Callable[[bytes], None]) -> None:
        self.theirs = theirs
        self._ours, self._show = ours, show
        self._kept = b""
        self._over = asyncio.Event()
        os.set_blocking(ours, False)
        asyncio.get_running_loop().add_reader(ours, self._read)

    @property
    def text(self) -> str:
        """Without colours and the like."""
        return _plain(self._kept)

    def begun(self) -> None:
        """The program has its end now: ours of it would hide that it is over."""
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1

    async def aclose(self) -> None:
        self.begun()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._over.wait()
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)

    def _read(self) -> None:
        try:
            block = os.read(self._ours, 4096)
        except OSError:  # a terminal's other end was closed
            block = b""
        if block:
            self._kept = (self._kept + block)[-_KEPT:]
            self._show(block)
        else:
            asyncio.get_running_loop().remove_reader(self._ours)
            self._over.set()


@asynccontextmanager
async def own_screen(say: Say | None) -> AsyncIterator[Screen]:
    """A terminal if ours is one, so that it draws there as it would; else its lines are said.

    None: nothing is shown.
    """
    if say and sys.stderr.isatty():
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, termios.tcgetwinsize(sys.stderr.fileno()))
        screen = Screen(ours, theirs, _draw)
    else:
        lines = _Lines(say or _nothing)
        screen = Screen(*os.pipe(), lines.take)
    try:
        yield screen
    finally:
        await screen.aclose()


class _Lines:
    """Cut into lines; those of single packages are left out, there may be a hundred of them."""

    def __init__(self, say: Say) -> None:
        self._say, self._rest = say, b""

    def take(self, block: bytes) -> None:
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in map(_plain, lines):
            if line and not line.startswith((" + ", " - ", " ~ ", "error:", "  cause:")):
                self._say(line.strip())


def _draw(block: bytes) -> None:
    sys.stderr.buffer.write(block)
    sys.stderr.buffer.flush()


def _nothing(_line: str) -> None:
    pass


def _plain(text: bytes) -> str:
    return _CONTROL.sub("", text.decode(errors="replace")).replace("\r", "")
