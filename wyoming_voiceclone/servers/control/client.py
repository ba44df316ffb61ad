"""Control: asks a running server on this machine."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

from wyoming.event import Event

from wyoming_voiceclone.errors import ConfigError, ProtocolError
from wyoming_voiceclone.servers.control.messages import (
    BOUNDS,
    BoxStatus,
    EngineStatus,
    Request,
    read_boxes,
    read_engines,
    request_event,
)
from wyoming_voiceclone.servers.control.place import reachable, socket_in
from wyoming_voiceclone.wire import EventReader, EventWriter, PeerGone

_CONNECT_S = 5.0


class NoServer(ConfigError):
    """Nobody listens."""


class Control:
    """The server whose data folder this is."""

    def __init__(self, data: Path) -> None:
        self._data = data

    async def ask(self, request: Request, within_s: float) -> list[EngineStatus]:
        """How all engines are once that is done.

        Raises NoServer, ConfigError where it may not be asked, and what the server answers.
        """
        return read_engines(await self._answer(request, within_s))

    async def boxes(self, within_s: float) -> list[BoxStatus]:
        """The boxes that it is paired with. Raises as `ask` does."""
        return read_boxes(await self._answer(Request("boxes"), within_s))

    async def _answer(self, request: Request, within_s: float) -> Event:
        reader, writer = await self._connect()
        events, answers = EventReader(reader, BOUNDS), EventWriter(writer, _CONNECT_S)
        try:
            await answers.write(request_event(request))
            answer = await events.read(within_s)
        except (PeerGone, TimeoutError) as error:
            fact = str(error) or f"no answer within {within_s:.0f} s"
            raise ConfigError(f"the server does not answer ({fact}) — see its log") from error
        finally:
            await answers.aclose(0)
        if answer is None:
            raise ProtocolError("the server ended before it answered — see its log")
        return answer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        path, stack = socket_in(self._data), ExitStack()
        try:
            near = await asyncio.to_thread(stack.enter_context, reachable(path))
            async with asyncio.timeout(_CONNECT_S):
                return await asyncio.open_unix_connection(near, limit=BOUNDS.header_bytes)
        except PermissionError:
            whose = "it belongs to another user: be that one, or root"
            raise ConfigError(f"{path}: may not be opened — {whose}") from None
        except (OSError, TimeoutError):
            remedy = "start it: `wyoming-voiceclone serve`"
            raise NoServer(f"no server runs here with {self._data} — {remedy}") from None
        finally:
            await asyncio.to_thread(stack.close)
