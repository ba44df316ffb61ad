"""Door: where homes come in to a box. Nobody gets past it without a key."""

import asyncio
import logging
from collections.abc import Mapping

from wyoming.error import Error
from wyoming.event import Event

from wyoming_voiceclone.boxes.dialer import ENGINES, SELECT
from wyoming_voiceclone.boxes.handshake import BOUNDS, WITHIN_S, admit
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.errors import ConfigError, ProtocolError
from wyoming_voiceclone.servers.wyoming import Extension, WyomingServer
from wyoming_voiceclone.servers.wyoming.connection import address_of
from wyoming_voiceclone.wire import EventReader, EventWriter, PeerGone

_LOGGER = logging.getLogger(__name__)

DEFAULT_PORT = 10_201
_STRANGERS = 16
"""How many may be at the door at once; paired homes inside are not counted."""
_TLS_S = 5.0


class Door:
    """Admits paired homes, and hands them to `server`, each to the engine that it selects."""

    def __init__(
        self, keyring: Keyring, server: WyomingServer, engines: Mapping[str, Extension]
    ) -> None:
        self._keyring, self._server, self._engines = keyring, server, engines
        self._strangers: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The true one, once it listens."""
        return int(self._listening.sockets[0].getsockname()[1]) if self._listening else 0

    async def open(self, host: str | None, port: int) -> None:
        """Listen; `host` None is every address, port 0 any free one. Raises ConfigError."""
        context = await asyncio.to_thread(self._keyring.certificate.server_context)
        try:
            self._listening = await asyncio.start_server(
                self._accept,
                host,
                port,
                ssl=context,
                ssl_handshake_timeout=_TLS_S,
                limit=BOUNDS.header_bytes,
            )
        except OSError as error:
            where = f"{host or 'every address'}, port {port}"
            raise ConfigError(f"boxes: cannot listen on {where} ({error.strerror})") from error

    async def aclose(self) -> None:
        """Let nobody in any more; those inside are the server's."""
        if self._listening:
            self._listening.close()
            self._listening = None
        for task in self._strangers:
            task.cancel()
        if self._strangers:
            await asyncio.wait(self._strangers)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._strangers) >= _STRANGERS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._meet(reader, writer), name="door")
        self._strangers.add(task)
        task.add_done_callback(self._strangers.discard)

    async def _meet(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        peer = address_of(stream) or "a local program"
        writer = EventWriter(stream, WITHIN_S)
        try:
            async with asyncio.timeout(2 * WITHIN_S):
                events = EventReader(reader, BOUNDS)
                extension = await self._admitted(events, writer, peer)
        except (ProtocolError, PeerGone, TimeoutError, ConfigError) as error:
            _LOGGER.info("%s was not let in: %s", peer, error or "too slow")
            await writer.aclose(WITHIN_S)
        except BaseException:
            await writer.aclose(0)
            raise
        else:
            self._server.serve(reader, stream, extension)

    async def _admitted(self, reader: EventReader, writer: EventWriter, peer: str) -> Extension:
        fingerprint = self._keyring.certificate.fingerprint
        key_id = await admit(reader, writer, fingerprint, self._keyring.secret)
        _LOGGER.debug("%s came in with key %s", peer, key_id)
        while True:
            event = await reader.read(WITHIN_S)
            if event is None or event.type not in {ENGINES, SELECT}:
                raise ProtocolError(f"{event and event.type!r:.40} instead of an engine")
            if event.type == SELECT:
                break
            await writer.write(engines_event(self._engines))
        if (extension := self._engines.get(str(event.data.get("name")))) is None:
            fact = f"that engine is not here — have {', '.join(self._engines)}"
            await writer.write(Error(text=fact, code="bad-request").event())
            raise ProtocolError(fact)
        return extension


def engines_event(engines: Mapping[str, Extension]) -> Event:
    """What a box tells of its engines to those whom it let in."""
    return Event(ENGINES, {"engines": [one.hello().data for one in engines.values()]})
