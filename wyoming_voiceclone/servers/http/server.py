"""HttpServer: uvicorn on our own sockets, without its signal handlers."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

import uvicorn

from wyoming_voiceclone.servers.http.metrics import Reports
from wyoming_voiceclone.servers.http.routes import make_routes
from wyoming_voiceclone.servers.wyoming.listen import Listening, listen

_CONNECTIONS = 32
_KEEP_ALIVE_S = 5
_CLOSE_S = 1


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are the program's."""
        yield


class HttpServer:
    """Answers until it is closed."""

    def __init__(self, reports: Reports) -> None:
        config = uvicorn.Config(
            make_routes(reports),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_CLOSE_S,
        )
        self._server = _Server(config)
        self._listening: list[Listening] = []
        self._serving: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> Sequence[str]:
        return [one.uri.replace("tcp:", "http:", 1) for one in self._listening]

    async def start(self, uri: str) -> None:
        """Listen at `tcp://host:port`. Raises ConfigError."""
        self._listening = await listen(uri)
        sockets = [one.socket for one in self._listening]
        self._serving = asyncio.create_task(self._server.serve(sockets), name="http")

    async def aclose(self) -> None:
        """What is being answered has a second to end."""
        self._server.should_exit = True
        if self._serving:
            await self._serving
        for one in self._listening:
            await asyncio.to_thread(one.remove)
