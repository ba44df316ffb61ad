"""Gpu: what can be known of this machine's GPUs, and of who holds their memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Device:
    index: int
    """As NVML and nvidia-smi count."""
    name: str
    total_mb: int | None
    """None: not told, as where the processor's memory is the GPU's, too."""
    free_mb: int | None
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has memory of a GPU."""

    pid: int
    device: int
    mb: int | None
    """None: the driver does not tell, as in WSL."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One moment."""

    devices: tuple[Device, ...] = ()
    holders: tuple[Holder, ...] = ()
    fault: str = ""
    """Why nothing is known."""


class Gpu(Protocol):
    """Somebody who can look."""

    async def read(self) -> Reading:
        """As it is now. What cannot be known is told in the reading; nothing is raised."""
        ...

    async def aclose(self) -> None: ...


def used_by_cuda(reading: Reading, wanted: str, environment: Mapping[str, str]) -> Device | None:
    """The device that CUDA means by `auto`, `cuda` or `cuda:1`; None where there is none.

    CUDA puts the fastest first unless CUDA_DEVICE_ORDER tells otherwise: of unlike GPUs, that with
    the most memory is taken for it.
    """
    _, _, number = wanted.partition(":")
    visible = _visible(_in_cudas_order(reading.devices, environment), environment)
    at = int(number) if number.isdecimal() else 0
    return visible[at] if at < len(visible) else None


def _in_cudas_order(devices: Sequence[Device], environment: Mapping[str, str]) -> Sequence[Device]:
    if environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID":
        return devices
    return sorted(devices, key=lambda one: -(one.total_mb or 0))


def _visible(devices: Sequence[Device], environment: Mapping[str, str]) -> Sequence[Device]:
    """What CUDA_VISIBLE_DEVICES leaves: numbers or (beginnings of) UUIDs, up to the first wrong."""
    if (told := environment.get("CUDA_VISIBLE_DEVICES")) is None:
        return devices
    visible: list[Device] = []
    for one in (part.strip() for part in told.split(",")):
        found = [
            device
            for at, device in enumerate(devices)
            if one and (str(at) == one or (device.uuid and device.uuid.startswith(one)))
        ]
        if not found:
            break
        visible.append(found[0])
    return visible
