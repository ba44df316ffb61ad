"""NvmlGpu: what NVIDIA's driver tells."""

import asyncio
import importlib
from collections.abc import Callable, Iterator
from typing import Any

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.gpu.memory import MEGABYTE, Device, Holder, Reading

_PATIENCE_S = 5.0
"""The driver wakes sleeping GPUs up, which takes a second or two."""
_NO_DRIVER = {"NVMLError_LibraryNotFound", "NVMLError_DriverNotLoaded"}


def _library() -> Any:
    return importlib.import_module("pynvml")


class NvmlGpu:
    """Asks in a thread; a driver that hangs is asked once, and not again until it answers."""

    def __init__(
        self, library: Callable[[], Any] = _library, *, patience_s: float = _PATIENCE_S
    ) -> None:
        """`library` gives what `import pynvml` would; nothing is loaded before it is needed."""
        self._load, self._patience_s = library, patience_s
        self._library: Any = None
        self._reading: asyncio.Task[Reading] | None = None

    async def read(self) -> Reading:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(asyncio.to_thread(self._read), name="nvml")
        answered, _ = await asyncio.wait({self._reading}, timeout=self._patience_s)
        if not answered:
            return Reading(fault="the driver does not answer — look at `nvidia-smi` and `dmesg`")
        return self._reading.result()

    async def aclose(self) -> None:
        """Let go of the driver."""
        if self._reading:
            await cancelled(self._reading)
        if self._library:
            await asyncio.to_thread(self._end)

    def _read(self) -> Reading:
        try:
            library = self._started()
        except ImportError:
            return Reading(fault="its memory cannot be seen — install nvidia-ml-py")
        except Exception as error:  # noqa: BLE001 -- whatever a driver does, others speak
            none = type(error).__name__ in _NO_DRIVER
            return Reading(fault="no NVIDIA driver is here" if none else _told(error))
        try:
            handles = [
                library.nvmlDeviceGetHandleByIndex(at) for at in range(library.nvmlDeviceGetCount())
            ]
            devices = tuple(_device(library, at, one) for at, one in enumerate(handles))
            holders = tuple(h for at, one in enumerate(handles) for h in _holders(library, at, one))
        except library.NVMLError as error:
            self._end()  # a driver that was updated or reset wants a new beginning
            return Reading(fault=_told(error))
        return Reading(devices, holders)

    def _started(self) -> Any:
        if self._library is None:
            library = self._load()
            library.nvmlInit()
            self._library = library
        return self._library

    def _end(self) -> None:
        library, self._library = self._library, None
        try:
            library.nvmlShutdown()
        except library.NVMLError:  # it was not there any more
            return


def _device(library: Any, index: int, handle: Any) -> Device:
    try:
        memory = library.nvmlDeviceGetMemoryInfo(handle)
        total_mb, free_mb = memory.total // MEGABYTE, memory.free // MEGABYTE
    except library.NVMLError:  # shared with the processor, or divided into instances (MIG)
        total_mb = free_mb = None
    name = _asked(library, library.nvmlDeviceGetName, handle)
    uuid = _asked(library, library.nvmlDeviceGetUUID, handle)
    return Device(index, name or "GPU", total_mb, free_mb, uuid)


def _asked(library: Any, question: Callable[[Any], str | bytes], handle: Any) -> str:
    try:
        answer = question(handle)
    except library.NVMLError:
        return ""
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer


def _holders(library: Any, index: int, handle: Any) -> Iterator[Holder]:
    """Programs that compute, and those that draw; who does both is told of twice."""
    found: dict[int, int | None] = {}
    for question in (
        library.nvmlDeviceGetComputeRunningProcesses,
        library.nvmlDeviceGetGraphicsRunningProcesses,
    ):
        try:
            processes = question(handle)
        except library.NVMLError:
            continue
        for one in processes:
            mb = None if one.usedGpuMemory is None else one.usedGpuMemory // MEGABYTE
            found[one.pid] = (
                max(found.get(one.pid) or 0, mb) if mb is not None else found.get(one.pid)
            )
    return (Holder(pid, index, mb) for pid, mb in found.items())


def _told(error: Exception) -> str:
    """NVML's errors say what is wrong, but not what to do."""
    return f"NVML: {error} — look at `nvidia-smi`; after an update of the driver, restart"
