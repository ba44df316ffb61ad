"""A cable between two programs, which a test can cut, slow down and mend."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

_PIECE = 65_536


class Cable:
    """Forwards a port of this machine to another; a context manager.

    Cut, it is as a pulled plug: nothing arrives and nobody is told.
    """

    def __init__(self, host: str, port: int) -> None:
        self.delay_s = 0.0
        """For every piece, each way."""
        self._to = host, port
        self._mended = asyncio.Event()
        self._mended.set()
        self._ends: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server, "not plugged in"
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """From now on nothing passes; connections stay open as far as both sides know."""
        self._mended.clear()

    def mend(self) -> None:
        """What was sent meanwhile arrives."""
        self._mended.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server
        self._server.close()
        for end in self._ends:
            end.cancel()
        if self._ends:
            await asyncio.wait(self._ends)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = asyncio.get_running_loop().create_task(self._join(reader, writer))
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            await self._mended.wait()
            with suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection(*self._to)
                writers.append(far_writer)
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(self._carry(reader, far_writer))
                    ways.create_task(self._carry(far_reader, writer))
        finally:
            for one in writers:
                one.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(_PIECE):
                await asyncio.sleep(self.delay_s)
                await self._mended.wait()
                writer.write(piece)
                await writer.drain()
            await self._mended.wait()
            writer.write_eof()
        except OSError:  # a reset at one end is one at the other
            await self._mended.wait()
            writer.transport.abort()
