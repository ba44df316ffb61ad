"""Tenants: our own engines on a GPU, and what each of them holds of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import psutil

from wyoming_voiceclone.gpu.memory import Device, Reading


class Status(Protocol):
    """How a tenant is."""

    @property
    def state(self) -> str:
        """`ready`: it is there, and does nothing."""
        ...

    @property
    def pid(self) -> int | None: ...

    @property
    def idle_s(self) -> float | None: ...


class Hosted(Protocol):
    """An engine in a process of its own."""

    @property
    def name(self) -> str: ...

    def status(self) -> Status: ...

    async def stop(self, grace_s: float) -> None:
        """Return once its process is gone; whoever asks for it starts it again."""
        ...


@dataclass(frozen=True, slots=True)
class Tenant:
    hosted: Hosted
    needs_mb: int
    """Of the GPU, in its usual size."""
    device: str = "auto"
    """As CUDA calls it."""
    kept: bool = False
    """Whether its owner wants it to be there always: it goes last."""

    @property
    def name(self) -> str:
        return self.hosted.name

    def idle_s(self) -> float | None:
        """None while it is used, or not there."""
        now = self.hosted.status()
        return now.idle_s if now.state == "ready" else None


def held_mb(tenant: Tenant, device: Device, reading: Reading) -> int:
    """As the driver tells; where it does not know its processes, what it usually takes. Blocks."""
    pids = family(tenant.hosted.status().pid)
    told = [one.mb for one in reading.holders if one.device == device.index and one.pid in pids]
    known = [mb for mb in told if mb is not None]
    return sum(known) if known else tenant.needs_mb


def family(pid: int | None) -> Collection[int]:
    """A process and those that it started. Blocks."""
    if pid is None:
        return ()
    try:
        return {pid, *(one.pid for one in psutil.Process(pid).children(recursive=True))}
    except psutil.Error:
        return {pid}


def name_of(pid: int) -> str:
    """What a process is called; "" where we may not see it. Blocks."""
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""
