"""Door: where homes come in to a box. Nobody gets past it without a key."""

import asyncio
import logging
from collections.abc import Mapping

from wyoming.error import Error

from wyoming_voiceclone import __version__
from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.boxes.handshake import BOUNDS, WITHIN_S, admit
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.messages import ENGINES, SELECT, WATCH, Offer, offer_event
from wyoming_voiceclone.boxes.standing import keep_told
from wyoming_voiceclone.errors import ConfigError, ProtocolError
from wyoming_voiceclone.servers.wyoming import Extension, WyomingServer
from wyoming_voiceclone.servers.wyoming.connection import address_of
from wyoming_voiceclone.wire import EventReader, EventWriter, PeerGone

_LOGGER = logging.getLogger(__name__)

_STRANGERS = 16
"""How many may be at the door at once; paired homes inside are not counted."""
_TLS_S = 5.0
_GUARD_S = 2.0
"""Between two looks at whether those inside still have a key."""


class Door:
    """Admits paired homes, and hands them to `server`, each to the engine that it selects."""

    def __init__(
        self,
        keyring: Keyring,
        server: WyomingServer,
        engines: Mapping[str, Extension],
        *,
        gpu: bool = False,
    ) -> None:
        self._keyring, self._server, self._engines = keyring, server, engines
        self._gpu = gpu
        self._strangers: set[asyncio.Task[None]] = set()
        self._watching: set[asyncio.Task[None]] = set()
        self._inside: dict[asyncio.StreamWriter, str] = {}
        self._guarding: asyncio.Task[None] | None = None
        self._listening: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The true one, once it listens."""
        return int(self._listening.sockets[0].getsockname()[1]) if self._listening else 0

    def offer(self) -> Offer:
        """What there is for homes now."""
        hellos = tuple(one.offer() for one in self._engines.values())
        able = tuple(h for h in hellos if h.capabilities.voices or h.capabilities.clones)
        return Offer(__version__, self._gpu, able)

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
        self._guarding = asyncio.create_task(self._guard(), name="door guarded")

    async def aclose(self) -> None:
        """Let nobody in any more; those inside are the server's."""
        if self._listening:
            self._listening.close()
            self._listening = None
        if self._guarding:
            await cancelled(self._guarding)
        tasks = self._strangers | self._watching
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._strangers) >= _STRANGERS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._meet(reader, writer), name="door")
        self._strangers.add(task)
        task.add_done_callback(self._strangers.discard)

    async def _meet(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        peer = address_of(stream) or "a local program"
        events, writer = EventReader(reader, BOUNDS), EventWriter(stream, WITHIN_S)
        try:
            async with asyncio.timeout(2 * WITHIN_S):
                fingerprint = self._keyring.certificate.fingerprint
                key_id = await admit(events, writer, fingerprint, self._keyring.secret)
                _LOGGER.debug("%s came in with key %s", peer, key_id)
                wanted = await self._asked(events, writer)
        except PeerGone as gone:
            _LOGGER.debug("%s has left: %s", peer, gone)
            await writer.aclose(0)
        except (ProtocolError, TimeoutError, ConfigError) as error:
            _LOGGER.info("%s was not let in: %s", peer, error or "too slow")
            await writer.aclose(WITHIN_S)
        except BaseException:
            await writer.aclose(0)
            raise
        else:
            self._inside[stream] = key_id
            if wanted is None:
                self._watch(events, writer)
            else:
                self._server.serve(reader, stream, wanted)

    async def _asked(self, reader: EventReader, writer: EventWriter) -> Extension | None:
        """The engine that the connection is to be to; None: the standing link."""
        while True:
            event = await reader.read(WITHIN_S)
            if event is None:
                raise PeerGone("it has heard enough")
            if event.type not in {ENGINES, SELECT, WATCH}:
                raise ProtocolError(f"{event.type!r:.40} instead of an engine")
            if event.type == WATCH:
                return None
            if event.type == SELECT:
                break
            await writer.write(offer_event(self.offer()))
        if (extension := self._engines.get(str(event.data.get("name")))) is None:
            fact = f"that engine is not here — have {', '.join(self._engines)}"
            await writer.write(Error(text=fact, code="bad-request").event())
            raise ProtocolError(fact)
        return extension

    def _watch(self, reader: EventReader, writer: EventWriter) -> None:
        """No stranger any more: a task of its own, for as long as the home is there."""
        task = asyncio.create_task(self._tell(reader, writer), name="a home's standing link")
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _tell(self, reader: EventReader, writer: EventWriter) -> None:
        try:
            await keep_told(reader, writer, self.offer, self._server)
        except PeerGone as gone:
            _LOGGER.debug("a home's standing link is over: %s", gone)
        except Exception:
            _LOGGER.exception("a fault on a home's standing link")
        finally:
            await writer.aclose(0)

    async def _guard(self) -> None:
        """Put those out whose key was taken back while they were inside."""
        while True:
            await asyncio.sleep(_GUARD_S)
            try:
                homes = await asyncio.to_thread(self._keyring.homes)
            except ConfigError as error:
                _LOGGER.warning("nobody may stay inside: %s", error)
                homes = []
            valid = {home.key_id for home in homes}
            for stream, key_id in list(self._inside.items()):
                if stream.is_closing():
                    del self._inside[stream]
                elif key_id not in valid:
                    _LOGGER.info("a home whose key was taken back was put out")
                    stream.transport.abort()
