"""Standard input as a stream of text, piece by piece as it is written."""

import asyncio
import codecs
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator

_READ_BYTES = 65_536


async def piped_text() -> AsyncIterator[str]:
    """Each piece as soon as it is there; ends with the input."""
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        # the loop may be gone by the time the other side of the pipe writes or closes
        with contextlib.suppress(RuntimeError):
            while piece := os.read(sys.stdin.fileno(), _READ_BYTES):
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            loop.call_soon_threadsafe(pieces.put_nowait, b"")

    # a daemon: nothing can wake it from a read of a silent terminal when we are cancelled
    threading.Thread(target=read, name="standard input", daemon=True).start()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := await pieces.get():
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)
