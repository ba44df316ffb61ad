"""Supervisor: keeps one worker's process as long as it is wanted, and brings it back."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from typing import Literal

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.backends.peer.messages import Hello
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.workers.back_off import BackOff
from wyoming_voiceclone.workers.journal import Journal
from wyoming_voiceclone.workers.life import Life
from wyoming_voiceclone.workers.limits import WorkerLimits
from wyoming_voiceclone.workers.manifest import Manifest
from wyoming_voiceclone.workers.orders import WorkerPlan
from wyoming_voiceclone.workers.process import WorkerProcess
from wyoming_voiceclone.workers.status import State, WorkerStatus
from wyoming_voiceclone.workers.tenancy import Tenancy

_LOGGER = logging.getLogger(__name__)

Use = Literal["speak", "learn", "keep"]
"""Somebody listens; nobody does; or somebody will before long."""


class Supervisor:
    """Starts the process when it is wanted, ends it when idle, and after a crash starts it anew.

    Crashes in a row are followed by 1, 2, 4 … 60 s in which it is not even tried.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        limits: WorkerLimits,
        manifest: Manifest,
        journal: Journal,
        tenancy: Tenancy,
    ) -> None:
        self._plan, self._limits, self._manifest, self._journal = plan, limits, manifest, journal
        self._tenancy = tenancy
        self._life: Life | None = None
        self._coming: asyncio.Future[PeerBackend] | None = None  # whom those who wait will get
        self._wanted = asyncio.Event()
        self._supervising: asyncio.Task[None] | None = None
        self._back_off = BackOff()
        self._began: float | None = None  # the start that is under way
        self._users, self._unused = 0, asyncio.Event()
        self._idle_since = 0.0
        self._is_kept = False  # whether it stays when there is nothing more to learn
        self._sentences = self._crashes = 0
        self._ending = asyncio.Lock()
        self._leaving = self._closed = False

    @asynccontextmanager
    async def used(self, use: Use) -> AsyncIterator[PeerBackend]:
        """The running worker, for as long as one request takes. Raises BackendUnavailable."""
        self._users += 1
        self._unused.clear()
        self._is_kept |= use != "learn"
        try:
            with self._tenancy.speaking() if use == "speak" else nullcontext():
                yield await self._available(self._limits.patience_s if use == "speak" else None)
            self._back_off.went_well()
            self._sentences += use == "speak"
        finally:
            self._users -= 1
            self._idle_since = time.monotonic()
            if not self._users:
                self._unused.set()

    @property
    def running(self) -> PeerBackend | None:
        """The worker that is ready now; asking for it keeps nobody alive."""
        return self._life.peer if self._life else None

    async def start(self) -> None:
        """Return once it is there; tried at once, whatever failed before.

        Raises BackendUnavailable.
        """
        if not self._life and self._began is None:
            await self.stop(0)
        async with self.used("keep"):
            pass

    async def stop(self, grace_s: float) -> None:
        """End the process; whoever asks afterwards starts it again.

        Sentences have `grace_s` to end; meanwhile nobody new is served.
        """
        async with self._ending:
            self._leaving = True
            try:
                if self._life and self._users:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(grace_s):
                            await self._unused.wait()
                await self._end("was stopped")
                self._back_off = BackOff()
            finally:
                self._leaving = False

    async def aclose(self) -> None:
        self._closed = True
        self._unused.set()  # nobody's last sentence is waited for any more
        async with self._ending:
            await self._end("is closed")

    def status(self) -> WorkerStatus:
        counts = self._sentences, self._crashes
        now, life, why = time.monotonic(), self._life, self._back_off.why
        if life:
            idle_s = None if self._users else now - self._idle_since
            up: State = "stopping" if self._leaving else "busy" if self._users else "ready"
            return WorkerStatus(up, "", life.pid, now - life.since, idle_s, *counts)
        if self._began is not None:
            return WorkerStatus("starting", why, None, now - self._began, None, *counts)
        if not why:
            return WorkerStatus("stopped", "", None, None, None, *counts)
        down: State = "restarting" if self._wanted.is_set() else "failed"
        return WorkerStatus(down, why, None, None, None, *counts)

    async def _available(self, patience_s: float | None) -> PeerBackend:
        title = self._plan.title
        if self._closed or self._leaving:
            raise BackendUnavailable(f"{title}: is {'closed' if self._closed else 'being stopped'}")
        if self._life:
            return self._life.peer
        if wait_s := self._back_off.left_s:
            again = f"it is tried again in {wait_s:.0f} s"
            raise BackendUnavailable(f"{title}: its process failed; {again}")
        if not self._coming:
            self._coming = asyncio.get_running_loop().create_future()
        if not self._supervising:
            self._supervising = asyncio.create_task(self._supervise())
        self._wanted.set()
        return await self._patiently(self._coming, patience_s)

    async def _patiently(
        self, coming: asyncio.Future[PeerBackend], patience_s: float | None
    ) -> PeerBackend:
        now = time.monotonic()
        gone_s = now - self._began if self._began is not None else 0.0
        left_s = None if patience_s is None else max(0.0, patience_s - gone_s)
        try:
            async with asyncio.timeout(left_s):
                return await asyncio.shield(coming)
        except TimeoutError:
            fact = f"{self._plan.title}: is starting, for {gone_s + (left_s or 0):.0f} s by now"
            raise BackendUnavailable(fact) from None

    async def _supervise(self) -> None:
        """The one owner of the process."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(self._back_off.left_s)
            try:
                await self._live()
            except BackendUnavailable as error:
                self._did_not_start(error)
            except Exception as error:
                _LOGGER.exception("%s: a fault while starting its worker", self._plan.title)
                self._did_not_start(BackendUnavailable(f"{self._plan.title}: {error!r}"))

    async def _live(self) -> None:
        """One life. Raises BackendUnavailable when it does not begin."""
        self._began, limits = time.monotonic(), self._limits
        try:
            async with AsyncExitStack() as stack:
                async with self._tenancy.loading():
                    start = WorkerProcess.start(self._plan, limits.startup_s, self._journal)
                    process = await start
                    stack.push_async_callback(process.aclose, limits.grace_s)
                    peer = PeerBackend(self._plan.title, process.uri, limits.peer)
                    stack.push_async_callback(peer.aclose)
                    await self._meet(peer)
                    await process.load(limits.startup_s)
                self._appear(Life(peer, process.pid))
                await self._until_it_is_over(process)
        finally:
            self._life = self._began = None

    async def _meet(self, peer: PeerBackend) -> None:
        hello = await peer.meet()
        if not isinstance(hello, Hello):
            raise BackendUnavailable(f"{self._plan.title}: its worker is of another version")
        await self._manifest.learn(hello)

    async def _until_it_is_over(self, process: WorkerProcess) -> None:
        """Return when it died, or when nobody needs it any more."""
        exited = asyncio.create_task(process.exited())
        self._idle_since = time.monotonic()
        try:
            while not (await asyncio.wait({exited}, timeout=self._idle_left_s()))[0]:
                if self._idle_left_s() == 0:
                    self._tell(logging.INFO, "idle, so its process ends")
                    self._wanted.clear()
                    self._is_kept = False
                    return
            self._crashes += 1
            self._failed(f"{self._plan.title}: its process ended with {exited.result()}")
        finally:
            # before anything else runs: whoever asks from now on gets the next life
            self._life = None
            exited.cancel()

    def _idle_left_s(self) -> float | None:
        kept_s, learnt_s = self._limits.idle_s, self._limits.learnt_idle_s
        idle_s = kept_s if self._is_kept else min(learnt_s, kept_s or learnt_s)
        if idle_s is None or self._users:
            return idle_s
        return max(0.0, self._idle_since + idle_s - time.monotonic())

    async def _end(self, why: str) -> None:
        if self._supervising:
            await cancelled(self._supervising)
        self._supervising, self._is_kept = None, False
        self._wanted.clear()
        self._disappoint(BackendUnavailable(f"{self._plan.title}: {why}"))

    def _did_not_start(self, error: BackendUnavailable) -> None:
        self._wanted.clear()  # what cannot start is left alone until somebody asks again
        self._failed(str(error))
        self._disappoint(error)

    def _failed(self, why: str) -> None:
        wait_s = self._back_off.failed(why)
        again = f"tried again in {wait_s:.0f} s at the earliest"
        self._journal.log(logging.WARNING, f"{why} — {again}")

    def _tell(self, level: int, what: str) -> None:
        self._journal.log(level, f"{self._plan.title}: {what}")

    def _appear(self, life: Life) -> None:
        self._life, self._began, self._back_off.why = life, None, ""
        if self._coming and not self._coming.done():
            self._coming.set_result(life.peer)
        self._coming = None

    def _disappoint(self, error: BackendUnavailable) -> None:
        if self._coming and not self._coming.done():
            self._coming.set_exception(error)
            self._coming.exception()  # nobody may be waiting any more
        self._coming = None
