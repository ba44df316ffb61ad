"""Dialer: links to one box, each proved to be to that box; the next one is ready beforehand."""

import asyncio
import hmac
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from wyoming.event import Event

from wyoming_voiceclone.backends.peer.link import Link, PeerLimits
from wyoming_voiceclone.boxes.certificate import client_context, fingerprint_of
from wyoming_voiceclone.boxes.handshake import BOUNDS, NotPaired, Refused, enter
from wyoming_voiceclone.boxes.messages import ENGINES, SELECT, WATCH, Offer, read_offer
from wyoming_voiceclone.boxes.pairing_key import PairingKey
from wyoming_voiceclone.errors import (
    BackendUnavailable,
    ConfigError,
    ProtocolError,
    VoiceCloneError,
)
from wyoming_voiceclone.wire import EventReader, EventWriter, PeerGone

DEFAULT_PORT = 10_201
_SPARE = 2
"""Links that wait: a listener is spoken to while the next sentence is asked for."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_in(text: str) -> Address | None:
    """`192.168.7.20:10201`, `gpu.lan`, `[fd00::7]:10201`; None for "". Raises ConfigError."""
    if not text:
        return None
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.path or parts.username:
        raise ConfigError(f"{text!r:.80}: no address of a box — write host or host:port")
    return Address(host, DEFAULT_PORT if port is None else port)


class Dialer:
    """Where the box is may change: `address` is asked for each new link."""

    def __init__(
        self,
        name: str,
        key: PairingKey,
        address: Callable[[], Address | None],
        limits: PeerLimits | None = None,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        """`name`: what the box is called in messages; `missed`: told when it was wanted in vain."""
        self._name, self._key, self._address = name, key, address
        self._limits, self._missed = limits or PeerLimits(), missed
        self._context: ssl.SSLContext = client_context()
        self._used: set[Link] = set()
        self._spare: dict[str, deque[Link]] = {}
        self._making: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def link(self, engine: str) -> AsyncIterator[Link]:
        """A link to one of its engines, of one's own. Raises BackendUnavailable."""
        link = self._ready(engine) or await self._selected(engine)
        self._make_ready(engine)
        self._used.add(link)
        try:
            yield link
        finally:
            self._used.discard(link)
            await self._put_back(engine, link)

    async def offer(self) -> Offer:
        """What the box offers now. Raises BackendUnavailable."""
        link = await self._new()
        try:
            await link.send(Event(ENGINES))
            return read_offer(await link.receive(self._limits.hello_s))
        except (PeerGone, ProtocolError, TimeoutError) as error:
            raise BackendUnavailable(f"{self._name}: {error or 'no answer'}") from error
        finally:
            await link.aclose()

    async def watch(self, address: Address) -> Link:
        """A link over which the box tells what changes. Raises BackendUnavailable, PeerGone."""
        link = await self._to(address)
        await link.send(Event(WATCH))
        return link

    async def drop(self) -> None:
        """The box has gone: whoever is waiting for it need not."""
        await self._stop_making()
        spare = [link for links in self._spare.values() for link in links]
        self._spare.clear()
        for link in [*spare, *self._used]:
            await link.aclose()

    async def aclose(self) -> None:
        """Close what waits; links in use are their users' to close."""
        self._closed = True
        await self._stop_making()
        for link in [link for links in self._spare.values() for link in links]:
            await link.aclose()
        self._spare.clear()

    async def _stop_making(self) -> None:
        for task in self._making:
            task.cancel()
        if self._making:
            await asyncio.wait(self._making)

    def _ready(self, engine: str) -> Link | None:
        links = self._spare.get(engine, ())
        while links:
            if (link := links.popleft()).is_open:
                return link
        return None

    def _make_ready(self, engine: str) -> None:
        """Have another one soon: TLS and the proofs take longer than a sentence may wait."""
        if not self._closed and not self._spare.get(engine) and not self._making:
            task = asyncio.create_task(self._keep_new(engine), name=f"link to {self._name}")
            self._making.add(task)
            task.add_done_callback(self._making.discard)

    async def _keep_new(self, engine: str) -> None:
        with suppress(VoiceCloneError):  # whoever needs it tries again, and is told
            await self._put_back(engine, await self._selected(engine))

    async def _put_back(self, engine: str, link: Link) -> None:
        links = self._spare.setdefault(engine, deque())
        if link.at_rest and link.is_open and len(links) < _SPARE and not self._closed:
            links.append(link)
        else:
            await link.aclose()

    async def _selected(self, engine: str) -> Link:
        link = await self._new()
        await link.send(Event(SELECT, {"name": engine}))
        link.at_rest = True
        return link

    async def _new(self) -> Link:
        if self._closed or (address := self._address()) is None:
            if not self._closed:
                self._missed()
            fact = "is closed" if self._closed else "is not there now"
            raise BackendUnavailable(f"{self._name} {fact}")
        return await self._to(address)

    async def _to(self, address: Address) -> Link:
        try:
            async with asyncio.timeout(self._limits.connect_s):
                return await self._entered(address)
        except (OSError, TimeoutError, PeerGone) as error:
            why = str(error) or f"no answer within {self._limits.connect_s:g} s"
            raise BackendUnavailable(f"{self._name}: cannot reach {address} ({why})") from error
        except NotPaired as error:
            raise Refused(str(error)) from error
        except ProtocolError as error:
            raise BackendUnavailable(f"{self._name}: {address} is no box ({error})") from error

    async def _entered(self, address: Address) -> Link:
        reader, stream = await asyncio.open_connection(
            address.host, address.port, ssl=self._context, limit=self._limits.bounds().header_bytes
        )
        writer = EventWriter(stream, self._limits.silence_s)
        try:
            self._recognise(stream, address)
            await enter(self._name, EventReader(reader, BOUNDS), writer, self._key)
        except BaseException:
            await writer.aclose(0)
            raise
        return Link(EventReader(reader, self._limits.bounds()), writer)

    def _recognise(self, stream: asyncio.StreamWriter, address: Address) -> None:
        """Before a word is said. Raises NotPaired."""
        shown = stream.get_extra_info("ssl_object").getpeercert(binary_form=True)
        if not hmac.compare_digest(fingerprint_of(shown), self._key.fingerprint):
            remedy = "if it was installed anew, pair it again"
            raise NotPaired(f"{self._name}: {address} is not the box we know — {remedy}")
