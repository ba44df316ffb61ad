"""The NVIDIA GPUs of this machine, and what torch in an environment makes of them."""

import asyncio
import json
import shutil
from contextlib import suppress
from pathlib import Path

from wyoming_voiceclone.aio import output_of
from wyoming_voiceclone.environments.torch_builds import Gpu, TorchInside

_PATIENCE_S = 20.0
"""nvidia-smi wakes GPUs up, which takes seconds."""
_IMPORT_S = 180.0
"""torch from a cold, slow disk."""

_ASK = """
import json, torch
gpus = []
if torch.cuda.is_available():
    for i in range(torch.cuda.device_count()):
        gpus.append([torch.cuda.get_device_name(i), *torch.cuda.get_device_capability(i)])
print(json.dumps([torch.__version__, torch.version.cuda, torch.cuda.get_arch_list(), gpus]))
"""


async def gpus_here() -> list[Gpu]:
    """As the driver's own tool tells; none without it."""
    if (tool := await asyncio.to_thread(shutil.which, "nvidia-smi")) is None:
        return []
    asked = "--query-gpu=name,compute_cap,driver_version"
    return read_gpus(await output_of(tool, asked, "--format=csv,noheader", limit_s=_PATIENCE_S))


def read_gpus(table: str) -> list[Gpu]:
    """What nvidia-smi printed: `NVIDIA H200, 9.0, 570.133.20`, a line each."""
    gpus = []
    for line in table.splitlines():
        name, *rest = (part.strip() for part in line.rsplit(",", 2))
        with suppress(ValueError):
            capability, driver = rest
            major, minor = capability.split(".")
            gpus.append(Gpu(name, (int(major), int(minor)), driver))
    return gpus


async def torch_in(python: Path) -> TorchInside | None:
    """Ask torch in that environment; None where it is not, or cannot be imported."""
    return read_torch(await output_of(str(python), "-I", "-c", _ASK, limit_s=_IMPORT_S))


def read_torch(answer: str) -> TorchInside | None:
    try:
        version, cuda, architectures, gpus = json.loads(answer.splitlines()[-1])
        seen = tuple(Gpu(str(name), (major, minor)) for name, major, minor in gpus)
    except (ValueError, TypeError, IndexError):
        return None
    return TorchInside(str(version), cuda, tuple(architectures), seen)
