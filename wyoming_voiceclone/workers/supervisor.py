"""Supervisor: keeps one worker's process as long as it is wanted, and brings it back."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from wyoming_voiceclone.backends.peer import PeerBackend, PeerLimits
from wyoming_voiceclone.backends.peer.messages import Hello
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.workers.manifest import Manifest
from wyoming_voiceclone.workers.orders import WorkerPlan
from wyoming_voiceclone.workers.process import WorkerProcess

_LOGGER = logging.getLogger(__name__)

_LONGEST_BACK_OFF_S = 60.0


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    startup_s: float = 120.0
    """For the engine's libraries to be there."""
    idle_s: float | None = 900.0
    """Without a request; None = never. Then the process ends: only that gives its memory back."""
    grace_s: float = 5.0
    """To end by itself when it is told to."""
    peer: PeerLimits = field(default_factory=PeerLimits)


class Supervisor:
    """Starts the process when it is wanted, ends it when idle, and after a crash starts it anew.

    Crashes in a row are followed by 1, 2, 4 … 60 s in which it is not even tried.
    """

    def __init__(self, plan: WorkerPlan, limits: WorkerLimits, manifest: Manifest) -> None:
        self._plan, self._limits, self._manifest = plan, limits, manifest
        self._peer: PeerBackend | None = None
        self._coming: asyncio.Future[PeerBackend] | None = None  # whom those who wait will get
        self._wanted = asyncio.Event()
        self._supervising: asyncio.Task[None] | None = None
        self._users = 0
        self._idle_since = 0.0
        self._failures = 0
        self._not_before = 0.0
        self._closed = False

    @asynccontextmanager
    async def used(self) -> AsyncIterator[PeerBackend]:
        """The running worker, for as long as one request takes. Raises BackendUnavailable."""
        self._users += 1
        try:
            yield await self._available()
            self._failures = 0
        finally:
            self._users -= 1
            self._idle_since = time.monotonic()

    async def aclose(self) -> None:
        self._closed = True
        if self._supervising:
            self._supervising.cancel()
            await asyncio.wait({self._supervising})
        self._disappoint(BackendUnavailable(f"{self._plan.title}: is closed"))

    async def _available(self) -> PeerBackend:
        if self._closed:
            raise BackendUnavailable(f"{self._plan.title}: is closed")
        if self._peer:
            return self._peer
        if wait_s := self._back_off_s():
            again = f"it is tried again in {wait_s:.0f} s"
            raise BackendUnavailable(f"{self._plan.title}: its process failed; {again}")
        if not self._coming:
            self._coming = asyncio.get_running_loop().create_future()
        if not self._supervising:
            self._supervising = asyncio.create_task(self._supervise())
        self._wanted.set()
        return await asyncio.shield(self._coming)

    async def _supervise(self) -> None:
        """The one owner of the process."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(self._back_off_s())
            try:
                await self._live()
            except BackendUnavailable as error:
                self._wanted.clear()  # what cannot start is left alone until somebody asks again
                self._failed(str(error))
                self._disappoint(error)
            except Exception as error:
                _LOGGER.exception("%s: a fault while starting its worker", self._plan.title)
                self._wanted.clear()
                self._failed(repr(error))
                self._disappoint(BackendUnavailable(f"{self._plan.title}: {error!r}"))

    async def _live(self) -> None:
        """One life. Raises BackendUnavailable when it does not begin."""
        process = await WorkerProcess.start(self._plan, self._limits.startup_s)
        peer = PeerBackend(self._plan.title, process.uri, self._limits.peer)
        try:
            hello = await peer.meet()
            if not isinstance(hello, Hello):
                raise BackendUnavailable(f"{self._plan.title}: its worker is of another version")
            await self._manifest.learn(hello)
            self._appear(peer)
            await self._until_it_is_over(process)
        finally:
            self._peer = None
            await peer.aclose()
            await process.aclose(self._limits.grace_s)

    async def _until_it_is_over(self, process: WorkerProcess) -> None:
        """Return when it died, or when nobody needs it any more."""
        exited = asyncio.create_task(process.exited())
        self._idle_since = time.monotonic()
        try:
            while not (await asyncio.wait({exited}, timeout=self._idle_left_s()))[0]:
                if self._idle_left_s() == 0:
                    _LOGGER.info("%s: idle, so its process ends", self._plan.title)
                    self._wanted.clear()
                    return
            self._failed(f"{self._plan.title}: its process ended with {exited.result()}")
        finally:
            # before anything else runs: whoever asks from now on gets the next life
            self._peer = None
            exited.cancel()

    def _idle_left_s(self) -> float | None:
        if self._limits.idle_s is None or self._users:
            return self._limits.idle_s
        return max(0.0, self._idle_since + self._limits.idle_s - time.monotonic())

    def _back_off_s(self) -> float:
        return max(0.0, self._not_before - time.monotonic())

    def _failed(self, why: str) -> None:
        wait_s = min(2.0**self._failures, _LONGEST_BACK_OFF_S)
        self._failures = min(self._failures + 1, 16)
        self._not_before = time.monotonic() + wait_s
        _LOGGER.warning("%s — tried again in %.0f s at the earliest", why, wait_s)

    def _appear(self, peer: PeerBackend) -> None:
        self._peer = peer
        if self._coming and not self._coming.done():
            self._coming.set_result(peer)
        self._coming = None

    def _disappoint(self, error: BackendUnavailable) -> None:
        if self._coming and not self._coming.done():
            self._coming.set_exception(error)
            self._coming.exception()  # nobody may be waiting any more
        self._coming = None
