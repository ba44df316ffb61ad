"""Peers: text-to-speech servers of others that speak Wyoming, as backends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from wyoming_voiceclone.backends.peer import PeerBackend, PeerLimits
from wyoming_voiceclone.backends.peer.link import Link, linked
from wyoming_voiceclone.boxes.joining import Joining
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.workers.back_off import BackOff

_LOGGER = logging.getLogger(__name__)

_ASK_S = 60.0
"""Between two questions to a peer that answers: it may have other voices."""
_LIMITS = PeerLimits(connect_s=2.0)


class Peers:
    """Each is asked for its voices again and again; while it does not answer it has none."""

    def __init__(self, uris: Mapping[str, str], joining: Joining) -> None:
        self._uris, self._joining = uris, joining

    async def run(self) -> None:
        """For ever; cancel to stop."""
        async with asyncio.TaskGroup() as tasks:
            for name, uri in self._uris.items():
                tasks.create_task(self._keep(Peer(name, uri)), name=f"peer {name}")

    async def _keep(self, peer: "Peer") -> None:
        self._joining.join(peer.backend, gpu=False)
        try:
            while True:
                try:
                    if await peer.ask():
                        self._joining.arrived(peer.backend.name)
                except Exception:
                    _LOGGER.exception("peer %s: a fault while it was asked", peer.backend.name)
                await peer.news()
        finally:
            self._joining.leave(peer.backend.name)
            await peer.backend.aclose()


class Peer:
    """One of them."""

    def __init__(self, name: str, uri: str) -> None:
        self._uri, self._name = uri, name
        self._failed, self._back_off = asyncio.Event(), BackOff()
        self._is_up: bool | None = None
        self.backend = PeerBackend(name, uri, _LIMITS, self._dial)

    async def ask(self) -> bool:
        """Whether it is there again, after it was not."""
        self._failed.clear()
        was_up, self._is_up, error = self._is_up, False, None
        try:
            await self.backend.meet()
            self._is_up = True
        except BackendUnavailable as refusal:
            error = refusal
        finally:
            if not self._is_up:
                self.backend.know(None)
                self._back_off.failed(str(error))
        if self._is_up != was_up:
            voices = len(self.backend.capabilities().voices)
            _LOGGER.info("peer %s", error or f"{self._name} is here, with {voices} voices")
        return self._is_up and not was_up

    async def news(self) -> None:
        """Return when it should be asked again."""
        if not self._is_up:
            await asyncio.sleep(self._back_off.left_s)
            return
        self._back_off = BackOff()
        with suppress(TimeoutError):
            async with asyncio.timeout(_ASK_S):
                await self._failed.wait()

    @asynccontextmanager
    async def _dial(self) -> AsyncIterator[Link]:
        async with AsyncExitStack() as stack:
            try:
                link = await stack.enter_async_context(linked(self._name, self._uri, _LIMITS))
            except BackendUnavailable:
                self._failed.set()
                raise
            yield link
