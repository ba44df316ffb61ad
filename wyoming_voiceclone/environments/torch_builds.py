"""Which build of torch suits a machine, and whether the one that came does. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Device = Literal["cpu", "gpu", "either"]

INDEX = "index"
"""Whatever build the package index has."""
_EXPLICIT = re.compile(r"cpu|auto|cu\d{2,3}|rocm\d+(\.\d+)+|xpu|index")
_OLDEST_DRIVER = (525, 60, 13)
"""For CUDA 12, whose minor versions are compatible: NVIDIA's CUDA release notes, table 2."""
_LAST_CUDA_12 = "cu126"
"""Of the builds that PyTorch publishes, the one with the GPUs that CUDA 13 left out."""
_OLDEST_OF_CUDA_13 = (7, 5)


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA GPU, as nvidia-smi or torch tell of it."""

    name: str
    capability: tuple[int, int]
    """Of its compute unit: (9, 0) is what compilers call sm_90."""
    driver: str = ""

    @property
    def architecture(self) -> str:
        return "sm_{}{}".format(*self.capability)


@dataclass(frozen=True, slots=True)
class TorchInside:
    """What torch says of itself in an environment."""

    version: str
    cuda: str | None = None
    """Of its CUDA build; None of another one."""
    architectures: tuple[str, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    """Those that it can see."""


@dataclass(frozen=True, slots=True)
class Choice:
    build: str
    """As uv's --torch-backend takes it."""
    note: str = ""
    """What a person should know about it."""


def is_choice(wanted: str) -> bool:
    """Whether `--torch` takes it."""
    return wanted == "cuda" or _EXPLICIT.fullmatch(wanted) is not None


def choose(wanted: str, device: Device, gpus: Sequence[Gpu]) -> Choice:
    """The build for this machine; `wanted` is auto, cpu, cuda, or a build by its name."""
    if wanted not in {"auto", "cuda"}:
        return Choice(wanted)
    if wanted == "auto" and (device == "cpu" or not gpus):
        slow = "it is meant for a GPU, and there is none here: it will be slow"
        return Choice("cpu", slow if device == "gpu" and not gpus else "")
    if not gpus:
        return Choice("auto", "no NVIDIA GPU is seen here: name the build, as cu130, to get it")
    return _cuda(gpus)


def fits(capability: tuple[int, int], architectures: Sequence[str]) -> bool:
    """Whether a build with these runs on such a GPU.

    Machine code runs on its own generation from its own minor version on, code with a letter on
    its own alone; PTX (`compute_…`) is compiled for everything newer. CUDA C++ Programming Guide,
    §5.3 (binary and PTX compatibility).
    """
    return any(_runs(one, capability) for one in architectures)


def remark(inside: TorchInside, seen: Sequence[Gpu]) -> str:
    """What is wrong between this torch and the machine's GPUs, with the remedy; "" = nothing."""
    if inside.cuda is None:
        return ""
    what = f"torch {inside.version} (CUDA {inside.cuda})"
    if not inside.gpus:
        return _invisible(what, seen)
    unfit = [gpu for gpu in inside.gpus if not fits(gpu.capability, inside.architectures)]
    if not unfit:
        return ""
    gpu, known = unfit[0], ", ".join(inside.architectures)
    if gpu.capability > _newest(inside.architectures):
        remedy = "install with --torch and a newer build when there is one, or with --torch cpu"
        return f"{gpu.name} ({gpu.architecture}) is newer than {what}, made for {known} — {remedy}"
    remedy = f"install with --torch {_LAST_CUDA_12}, or with --torch cpu"
    return f"{gpu.name} ({gpu.architecture}) is older than {what}, made for {known} — {remedy}"


def _cuda(gpus: Sequence[Gpu]) -> Choice:
    """For the oldest of them: uv finds the newest build that the driver takes."""
    driver = gpus[0].driver
    if (version := _version(driver)) and version < _OLDEST_DRIVER:
        least = ".".join(map(str, _OLDEST_DRIVER))
        return Choice("cpu", f"NVIDIA's driver {driver} is too old for torch: update it to {least}")
    oldest = min(gpus, key=lambda gpu: gpu.capability)
    return Choice(_LAST_CUDA_12 if oldest.capability < _OLDEST_OF_CUDA_13 else "auto")


def _invisible(what: str, seen: Sequence[Gpu]) -> str:
    if not seen:
        return f"{what} wants a GPU, and there is none here — --torch cpu is much smaller"
    driver = f"driver {seen[0].driver}" if seen[0].driver else "driver"
    remedy = "update the driver, or in a container pass the GPU through"
    return f"{what} cannot use {seen[0].name} (with NVIDIA's {driver}) — {remedy}"


def _runs(architecture: str, capability: tuple[int, int]) -> bool:
    kind, of, letter = _parsed(architecture)
    if letter == "a":
        return capability == of
    if letter == "f" or kind == "sm":
        return capability[0] == of[0] and capability[1] >= of[1]
    return kind == "compute" and capability >= of


def _newest(architectures: Sequence[str]) -> tuple[int, int]:
    return max((_parsed(one)[1] for one in architectures), default=(0, 0))


def _parsed(architecture: str) -> tuple[str, tuple[int, int], str]:
    """`sm_120a` → sm, (12, 0), a; what is unknown runs nowhere."""
    found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([a-z]?)", architecture)
    if not found:
        return "", (0, 0), "a"
    kind, major, minor, letter = found.groups()
    return kind, (int(major), int(minor)), letter


def _version(driver: str) -> tuple[int, ...]:
    return tuple(int(part) for part in driver.split(".") if part.isdigit())
