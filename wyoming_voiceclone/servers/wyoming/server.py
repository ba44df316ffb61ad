"""The Wyoming server: listens, and gives every connection its due."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence

from wyoming_voiceclone.servers.wyoming.connection import Connection, address_of
from wyoming_voiceclone.servers.wyoming.customs import CustomVoiceDoor, CustomVoiceStore
from wyoming_voiceclone.servers.wyoming.extension import Extension
from wyoming_voiceclone.servers.wyoming.failures import ServerBusy, ServerStopping, error_event
from wyoming_voiceclone.servers.wyoming.info import Description
from wyoming_voiceclone.servers.wyoming.limits import Limits
from wyoming_voiceclone.servers.wyoming.listen import Listening, listen
from wyoming_voiceclone.servers.wyoming.speakers import Speakers
from wyoming_voiceclone.servers.wyoming.speech import Speech
from wyoming_voiceclone.wire import encode

_LOGGER = logging.getLogger(__name__)


class WyomingServer:
    """Speaks to whoever connects, on any number of addresses."""

    def __init__(
        self,
        speech: Speech,
        limits: Limits | None = None,
        *,
        extension: Extension | None = None,
        customs: CustomVoiceStore | None = None,
        speakers: Speakers | None = None,
        connected: Callable[[], None] = lambda: None,
    ) -> None:
        """`connected`: told when a client has come."""
        self._speech, self._connected = speech, connected
        self._limits = limits or Limits()
        self._extension = extension
        self._speakers = speakers
        self._door = CustomVoiceDoor(customs) if customs else None
        self._description = Description(speech)
        self._listening: list[Listening] = []
        self._servers: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], tuple[Connection, str | None]] = {}
        self.is_stopping = False
        """Whether nobody new is served."""
        self._evicted: set[asyncio.Task[None]] = set()

    @property
    def addresses(self) -> Sequence[str]:
        """The URIs that are listened on, with their true ports."""
        return [listening.uri for listening in self._listening]

    @property
    def busy(self) -> int:
        """How many connections are being answered now."""
        return sum(one.idle_since is None for one, _ in self._connections.values())

    async def start(self, uris: Iterable[str]) -> None:
        """Listen on all of `uris`, or on none and raise ConfigError.

        `tcp://[::]:port` and `tcp://:port` mean IPv6 and IPv4; port 0 means any free one.
        """
        try:
            for uri in dict.fromkeys(uris):
                self._listening += await listen(uri)
            for listening in self._listening:
                server = await asyncio.start_server(
                    self._accept, sock=listening.socket, limit=self._limits.header_bytes
                )
                self._servers.append(server)
        except BaseException:
            await self._stop_listening()
            raise

    async def aclose(self, grace_s: float = 0.0) -> None:
        """Take no more connections; give utterances `grace_s` to end, then cancel them."""
        self.is_stopping = True
        await self._stop_listening()
        for connection, _ in self._connections.values():
            connection.finish()
        tasks = self._evicted | set(self._connections)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _stop_listening(self) -> None:
        servers, self._servers = self._servers, []
        listening, self._listening = self._listening, []
        for server in servers:
            server.close()
        for one in listening:
            await asyncio.to_thread(one.remove)

    def serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        extension: Extension | None,
    ) -> None:
        """Take over a connection that somebody else accepted."""
        address = address_of(writer)
        if self.is_stopping:
            writer.write(encode(error_event(ServerStopping("the server is being stopped"))))
            writer.close()
            return
        if not self._make_room(address):
            _LOGGER.info("refused a connection from %s: all are busy", address)
            busy = ServerBusy("every connection is busy speaking — try again in a moment")
            writer.write(encode(error_event(busy)))
            writer.close()
            return
        connection = Connection(
            self._speech,
            self._description,
            (reader, writer),
            self._limits,
            extension,
            self._door,
            self._speakers,
        )
        task = asyncio.get_running_loop().create_task(connection.serve(), name=f"wyoming {address}")
        self._connections[task] = (connection, address)
        self._connected()
        task.add_done_callback(self._forget)
        _LOGGER.debug("connection from %s (%d open)", address or "a socket", len(self._connections))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serve(reader, writer, self._extension)

    def _make_room(self, address: str | None) -> bool:
        """Close the connection that was idle longest when there are too many; False if none was."""
        own = [
            task for task, (_, other) in self._connections.items() if address and other == address
        ]
        for tasks, cap in (
            (own, self._limits.connections_per_address),
            (list(self._connections), self._limits.connections),
        ):
            if len(tasks) >= cap and not self._evict(tasks):
                return False
        return True

    def _evict(self, tasks: Iterable[asyncio.Task[None]]) -> bool:
        since = {task: self._connections[task][0].idle_since for task in tasks}
        idle = {task: at for task, at in since.items() if at is not None}
        if not idle:
            return False
        victim = min(idle, key=idle.__getitem__)
        silent_s = time.monotonic() - idle[victim]
        _LOGGER.debug("closed a connection that was idle for %.0f s, to make room", silent_s)
        self._connections.pop(victim)[0].give_way()
        self._evicted.add(victim)
        victim.cancel()
        return True

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._connections.pop(task, None)
        self._evicted.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            _LOGGER.error("a fault on a connection", exc_info=fault)
