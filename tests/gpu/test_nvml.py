"""What NVIDIA's binding answers, in its own types; no GPU is needed."""

import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from wyoming_voiceclone.gpu import Device, Holder, Reading
from wyoming_voiceclone.gpu.memory import used_by_cuda
from wyoming_voiceclone.gpu.nvml import NvmlGpu

GB = 1_000_000_000


def process(pid: int, used: int | None) -> Any:
    return SimpleNamespace(pid=pid, usedGpuMemory=used, gpuInstanceId=0xFFFFFFFF)


@dataclass
class Library:
    """The part of pynvml that is used, with its own structures and errors."""

    NVMLError = pynvml.NVMLError
    compute: Any = field(default_factory=lambda: [process(100, 4 * GB), process(200, None)])
    graphics: Any = field(default_factory=lambda: [process(100, 4 * GB), process(1, 90_000_000)])
    init: int = 0
    memory: int = 0
    count: int = 0
    name: Any = "NVIDIA GeForce RTX 3090"
    starts: int = 0
    ends: int = 0
    hangs: threading.Event | None = None

    def nvmlInit(self) -> None:  # noqa: N802
        self._may(self.init)
        self.starts += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.ends += 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        self._may(self.count)
        if self.hangs:
            self.hangs.wait(20)
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, _handle: int) -> Any:  # noqa: N802
        return self.name

    def nvmlDeviceGetUUID(self, _handle: int) -> str:  # noqa: N802
        return "GPU-1b2c"

    def nvmlDeviceGetMemoryInfo(self, _handle: int) -> Any:  # noqa: N802
        self._may(self.memory)
        told = pynvml.c_nvmlMemory_t()
        told.total, told.free, told.used = 25_769_803_776, 20 * GB, 5 * GB
        return told

    def nvmlDeviceGetComputeRunningProcesses(self, _handle: int) -> Any:  # noqa: N802
        if isinstance(self.compute, int):
            self._may(self.compute)
        return self.compute

    def nvmlDeviceGetGraphicsRunningProcesses(self, _handle: int) -> Any:  # noqa: N802
        return self.graphics

    def _may(self, code: int) -> None:
        if code:
            raise pynvml.NVMLError(code)


async def read(library: Any) -> Reading:
    gpu = NvmlGpu(lambda: library)
    try:
        return await gpu.read()
    finally:
        await gpu.aclose()


async def test_memory_and_those_who_hold_it_are_read() -> None:
    library = Library()
    reading = await read(library)
    assert reading.devices == (Device(0, "NVIDIA GeForce RTX 3090", 25_769, 20_000, "GPU-1b2c"),)
    assert set(reading.holders) == {Holder(100, 0, 4000), Holder(200, 0, None), Holder(1, 0, 90)}
    assert (library.starts, library.ends) == (1, 1)


async def test_a_name_in_bytes_as_older_bindings_give_it() -> None:
    assert (await read(Library(name=b"Tesla T4"))).devices[0].name == "Tesla T4"


async def test_memory_shared_with_the_processor_is_not_known() -> None:
    reading = await read(Library(memory=pynvml.NVML_ERROR_NOT_SUPPORTED))
    assert (reading.devices[0].free_mb, reading.fault) == (None, "")


async def test_processes_that_may_not_be_seen_leave_the_memory_seen() -> None:
    reading = await read(Library(compute=pynvml.NVML_ERROR_NO_PERMISSION, graphics=[]))
    assert reading.devices[0].free_mb == 20_000
    assert reading.holders == ()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver is here"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "no NVIDIA driver is here"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "after an update of the driver, restart"),
    ],
)
async def test_a_driver_that_cannot_be_asked_is_told_of(code: int, told: str) -> None:
    assert told in (await read(Library(init=code))).fault


async def test_without_the_binding_it_says_what_to_install() -> None:
    def absent() -> Any:
        raise ImportError

    assert "nvidia-ml-py" in (await NvmlGpu(absent).read()).fault


async def test_after_a_reset_the_driver_is_begun_with_anew() -> None:
    library = Library(count=pynvml.NVML_ERROR_GPU_IS_LOST)
    gpu = NvmlGpu(lambda: library)
    assert "NVML" in (await gpu.read()).fault
    library.count = 0
    assert (await gpu.read()).devices
    assert library.starts == 2
    await gpu.aclose()


async def test_a_driver_that_hangs_holds_nobody_up_and_is_asked_once() -> None:
    library = Library(hangs=threading.Event())
    gpu, began = NvmlGpu(lambda: library, patience_s=0.1), time.monotonic()
    for _ in range(3):
        assert "does not answer" in (await gpu.read()).fault
    assert time.monotonic() - began < 3
    assert library.hangs
    library.hangs.set()
    library.hangs = None
    assert (await gpu.read()).devices
    assert library.starts == 1
    await gpu.aclose()


async def test_this_machine_is_read_as_it_is() -> None:
    gpu = NvmlGpu()
    reading = await gpu.read()
    await gpu.aclose()
    assert bool(reading.devices) != bool(reading.fault)


SMALL, LARGE = Device(0, "T4", 16_000, 1, "GPU-aa"), Device(1, "H100", 80_000, 1, "GPU-bb")
BOTH = Reading((SMALL, LARGE))


@pytest.mark.parametrize(
    ("wanted", "environment", "found"),
    [
        ("auto", {}, LARGE),
        ("cuda:1", {}, SMALL),
        ("cuda", {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, SMALL),
        ("cuda:1", {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, LARGE),
        ("auto", {"CUDA_VISIBLE_DEVICES": "1"}, SMALL),
        ("auto", {"CUDA_VISIBLE_DEVICES": "GPU-a"}, SMALL),
        ("auto", {"CUDA_VISIBLE_DEVICES": "-1"}, None),
        ("auto", {"CUDA_VISIBLE_DEVICES": ""}, None),
        ("cuda:2", {}, None),
    ],
)
def test_the_device_is_the_one_that_cuda_means(
    wanted: str, environment: dict[str, str], found: Device | None
) -> None:
    assert used_by_cuda(BOTH, wanted, environment) == found
