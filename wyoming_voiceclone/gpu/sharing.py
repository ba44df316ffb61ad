"""Sharing: makes room on the GPU before an engine loads, and gives it back to others."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.gpu.memory import Device, Gpu, Reading, used_by_cuda
from wyoming_voiceclone.gpu.ollama import Ollama
from wyoming_voiceclone.gpu.pausing import Pauser
from wyoming_voiceclone.gpu.planning import Step, plan
from wyoming_voiceclone.gpu.tenants import Tenant, held_mb, name_of

_LOGGER = logging.getLogger(__name__)

_LOOK_S = 0.1
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class SharingLimits:
    headroom_mb: int = 300
    """Kept free beside what an engine takes: for the screen, and what others need in a moment."""
    idle_s: float = 20.0
    """An engine used since then is in use: its listener hears one sentence after the other."""
    settle_s: float = 3.0
    """For the driver to take memory back once a process has ended."""
    ollama_s: float = 10.0
    """The same for a model, which ends its answer first."""
    yield_after_s: float = 60.0
    """Idle for longer, an engine makes room for other programs, too."""
    watch_s: float = 15.0
    """How often that is looked at."""


class Sharing:
    """One per server. Room is made for one engine at a time: two would count the same memory."""

    def __init__(
        self,
        gpu: Gpu,
        limits: SharingLimits | None = None,
        *,
        ollama: Ollama | None = None,
        pauser: Pauser | None = None,
    ) -> None:
        self._gpu, self._limits = gpu, limits or SharingLimits()
        self._ollama, self._pauser = ollama, pauser
        self._tenants: dict[str, Tenant] = {}
        self._loading = asyncio.Lock()

    def admit(self, tenant: Tenant) -> "Place":
        """Take in an engine of ours: it may be asked to leave while it is idle."""
        self._tenants[tenant.name] = tenant
        return Place(self, tenant)

    async def run(self) -> None:
        """For ever: pause others while somebody listens, and make room for them meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            if self._pauser:
                tasks.create_task(self._pauser.run(), name="pausing")
            tasks.create_task(self._watch(), name="gpu")

    async def aclose(self) -> None:
        await self._gpu.aclose()

    @asynccontextmanager
    async def loading(self, tenant: Tenant) -> AsyncIterator[None]:
        """Room for it, until it has loaded. Raises BackendUnavailable: the GPU is busy."""
        async with self._loading:
            await self._make_room(tenant)
            yield

    def speaking(self) -> AbstractContextManager[None]:
        """Somebody listens."""
        return self._pauser.speaking() if self._pauser else nullcontext()

    async def _make_room(self, tenant: Tenant) -> None:
        """Look again after each step: what it frees is known only then."""
        tried: set[tuple[str, str]] = set()
        while True:
            reading = await self._gpu.read()
            device = used_by_cuda(reading, tenant.device, os.environ)
            if device is None or device.free_mb is None:
                return  # nothing is known: the engine finds out itself
            short_mb = tenant.needs_mb + self._limits.headroom_mb - device.free_mb
            if short_mb <= 0:
                return
            steps = [*await self._engines(tenant, device, reading), *await self._models()]
            way = plan(short_mb, [one for one in steps if (one.kind, one.name) not in tried])
            if way is None:
                raise await asyncio.to_thread(_busy, tenant, device, reading)
            tried.add((way[0].kind, way[0].name))
            await self._take(way[0], tenant, device)

    async def _engines(self, tenant: Tenant, device: Device, reading: Reading) -> list[Step]:
        """Our own that are idle, those that rest the longest first."""
        idle = [
            (one.kept, -rest_s, one)
            for one in self._tenants.values()
            if one.name != tenant.name
            and used_by_cuda(reading, one.device, os.environ) == device
            and (rest_s := one.idle_s()) is not None
            and rest_s >= self._limits.idle_s
        ]
        idle.sort(key=lambda found: found[:2])
        return [
            Step("engine", one.name, await asyncio.to_thread(held_mb, one, device, reading))
            for _, _, one in idle
        ]

    async def _models(self) -> list[Step]:
        try:
            loaded = await self._ollama.loaded() if self._ollama else ()
        except BackendUnavailable as error:
            _LOGGER.debug("%s", error)  # it need not be there
            return []
        return [Step("ollama", one.name, one.vram_mb) for one in loaded if one.vram_mb]

    async def _take(self, step: Step, tenant: Tenant, device: Device) -> None:
        """Do it, and wait until its memory is back, as far as it will be."""
        whose = "" if step.kind == "engine" else " of Ollama"
        _LOGGER.info("%s%s makes room for %s: %d MB", step.name, whose, tenant.name, step.mb)
        try:
            if step.kind == "engine":
                await self._stop(self._tenants[step.name])
            elif self._ollama:
                await self._ollama.unload(step.name)
        except BackendUnavailable as error:
            _LOGGER.warning("no room is made: %s", error)
            return
        limits = self._limits
        within_s = limits.settle_s if step.kind == "engine" else limits.ollama_s
        await self._settled((device.free_mb or 0) + step.mb * 0.8, device, within_s)

    async def _stop(self, tenant: Tenant) -> None:
        """Unless somebody has begun to listen to it meanwhile."""
        if tenant.idle_s() is not None:
            await tenant.hosted.stop(0)

    async def _settled(self, wanted_mb: float, device: Device, within_s: float) -> None:
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            now = (await self._gpu.read()).devices[device.index : device.index + 1]
            if not now or (now[0].free_mb or 0) >= wanted_mb:
                return
            await asyncio.sleep(_LOOK_S)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._limits.watch_s)
            if not self._loading.locked():
                try:
                    await self._give_way()
                except Exception:
                    _LOGGER.exception("the GPU could not be looked at")

    async def _give_way(self) -> None:
        """Other programs need the memory more than an engine that nobody listens to."""
        for tenant in self._tenants.values():
            rest_s = tenant.idle_s()
            if tenant.kept or rest_s is None or rest_s < self._limits.yield_after_s:
                continue
            device = used_by_cuda(await self._gpu.read(), tenant.device, os.environ)
            if device and device.free_mb is not None and device.free_mb < self._limits.headroom_mb:
                _LOGGER.info("%s makes room for other programs on the GPU", tenant.name)
                await self._stop(tenant)
                return


@dataclass(frozen=True, slots=True)
class Place:
    """What one engine asks of the GPU (`workers.Tenancy`)."""

    sharing: Sharing
    tenant: Tenant

    def loading(self) -> AbstractAsyncContextManager[None]:
        return self.sharing.loading(self.tenant)

    def speaking(self) -> AbstractContextManager[None]:
        return self.sharing.speaking()


def _busy(tenant: Tenant, device: Device, reading: Reading) -> BackendUnavailable:
    """Blocks."""
    holders = sorted(
        (one for one in reading.holders if one.device == device.index), key=lambda h: -(h.mb or 0)
    )
    named = [
        f"{name_of(one.pid) or 'process'} {one.pid}" + (f" ({one.mb} MB)" if one.mb else "")
        for one in holders[:_MOST_NAMED]
    ]
    held = f", held by {', '.join(named)}" if named else ""
    needs = f"needs {tenant.needs_mb} MB of {device.name}, {device.free_mb} are free"
    remedy = "see `wyoming-voiceclone gpu status`"
    return BackendUnavailable(f"{tenant.name}: busy: {needs}{held} — {remedy}")
