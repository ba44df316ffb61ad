"""ControlServer: answers the owner of the running server, and nobody else."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from wyoming.event import Event

from wyoming_voiceclone.errors import ConfigError, ProtocolError, VoiceCloneError
from wyoming_voiceclone.servers.control.messages import (
    BOUNDS,
    BoxStatus,
    EngineStatus,
    Request,
    boxes_event,
    engines_event,
    error_event,
    read_request,
)
from wyoming_voiceclone.servers.control.place import reachable
from wyoming_voiceclone.servers.wyoming.listen import Listening, bind_unix
from wyoming_voiceclone.wire import EventReader, EventWriter, PeerGone

_LOGGER = logging.getLogger(__name__)

_MODE = 0o600
"""The owner: whoever may read the server's files may also stop its engines."""
_CONNECTIONS = 16
_SILENT_S = 30.0
_WRITE_S = 5.0


class Desk(Protocol):
    """Whoever looks after the engines."""

    async def status(self) -> Sequence[EngineStatus]: ...

    def boxes(self) -> Sequence[BoxStatus]: ...

    async def start(self, engine: str) -> None:
        """Return once it is there. Raises BadRequest, BackendUnavailable."""
        ...

    async def stop(self, engine: str, grace_s: float | None) -> None:
        """Return once it is gone. Raises BadRequest."""
        ...


class ControlServer:
    """One socket; each request is answered with how all engines are afterwards."""

    def __init__(self, desk: Desk, path: Path) -> None:
        self._desk, self._path = desk, path
        self._listening: Listening | None = None
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Listen. Raises ConfigError, also when another server listens there."""
        self._listening = await asyncio.to_thread(_bind, self._path)
        self._server = await asyncio.start_server(
            self._accept, sock=self._listening.socket, limit=BOUNDS.header_bytes
        )

    async def aclose(self) -> None:
        """Break off what is being done, and remove the socket."""
        if self._server:
            self._server.close()
        if self._listening:
            await asyncio.to_thread(self._listening.remove)
        for task in self._serving:
            self._break_off(task)
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._serving) >= _CONNECTIONS:
            self._break_off(next(iter(self._serving)))  # the oldest makes room
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="control")
        self._serving[task] = writer
        task.add_done_callback(lambda done: self._serving.pop(done, None))

    def _break_off(self, task: asyncio.Task[None]) -> None:
        """Also one that has not run yet, and so cannot close its connection itself."""
        self._serving[task].transport.abort()
        task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        events, answers = EventReader(reader, BOUNDS), EventWriter(writer, _WRITE_S)
        try:
            while event := await events.read(_SILENT_S):
                try:
                    answer = await self._obey(read_request(event))
                except VoiceCloneError as error:
                    answer = error_event(error)
                await answers.write(answer)
        except (PeerGone, TimeoutError):
            pass
        except ProtocolError as error:
            answers.write_last(error_event(error))
        except Exception:
            _LOGGER.exception("a fault while the engines were being controlled")
        finally:
            await answers.aclose(_WRITE_S)

    async def _obey(self, request: Request) -> Event:
        if request.do == "boxes":
            return boxes_event(self._desk.boxes())
        match request.do:
            case "start":
                await self._desk.start(request.engine)
            case "stop":
                await self._desk.stop(request.engine, request.grace_s)
        return engines_event(await self._desk.status())


def _bind(path: Path) -> Listening:
    """Blocks."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with reachable(path) as near:
            return replace(bind_unix(near, _MODE), path=path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror} — make its folder writable") from error
