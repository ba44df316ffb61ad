"""ScriptedGpu: a GPU whose memory is as told, where there is none."""

from dataclasses import replace

from wyoming_voiceclone.gpu import Device, Holder, Reading


class ScriptedGpu:
    """Devices of `sizes_mb`; whoever holds memory of them is written down by name."""

    def __init__(self, *sizes_mb: int, fault: str = "") -> None:
        self.sizes_mb = sizes_mb
        self.fault = fault
        self.held: dict[str, Holder] = {}
        """By whatever name the test gives."""
        self.readings = 0
        self.closed = False

    def hold(self, name: str, mb: int, *, pid: int = 0, device: int = 0) -> None:
        self.held[name] = Holder(pid, device, mb)

    def release(self, name: str) -> None:
        self.held.pop(name, None)

    async def read(self) -> Reading:
        self.readings += 1
        if self.fault:
            return Reading(fault=self.fault)
        devices = tuple(self._device(at, size_mb) for at, size_mb in enumerate(self.sizes_mb))
        return Reading(devices, tuple(self.held.values()))

    async def aclose(self) -> None:
        self.closed = True

    def _device(self, index: int, size_mb: int) -> Device:
        used_mb = sum(one.mb or 0 for one in self.held.values() if one.device == index)
        whole = Device(index, f"Scripted GPU {index}", size_mb, size_mb, f"GPU-{index:08x}")
        return replace(whole, free_mb=max(0, size_mb - used_mb))
