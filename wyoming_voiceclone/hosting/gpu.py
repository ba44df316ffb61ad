"""Which engines share the GPU, and on what terms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends import Engine
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.gpu import Place, Sharing, SharingLimits, Tenant
from wyoming_voiceclone.gpu.nvml import NvmlGpu
from wyoming_voiceclone.gpu.ollama import Ollama
from wyoming_voiceclone.gpu.pausing import Pauser
from wyoming_voiceclone.gpu.tenants import Hosted

_RECORD = "paused"
"""In the data folder: which processes rest because of us."""


@asynccontextmanager
async def shared_gpu(settings: Settings) -> AsyncIterator[Sharing | None]:
    """As `[gpu]` says; None where room is not to be made. Nothing is looked at before it must."""
    wanted = settings.gpu
    if not wanted.share:
        yield None
        return
    sharing = Sharing(
        NvmlGpu(),
        SharingLimits(headroom_mb=wanted.headroom_mb),
        ollama=Ollama(wanted.ollama) if wanted.ollama else None,
        pauser=Pauser(wanted.pause, settings.folders.data / _RECORD),
    )
    try:
        async with meanwhile(sharing.run()):
            yield sharing
    finally:
        await sharing.aclose()


def needs_mb(engine: Engine, settings: Settings) -> int:
    """What an engine takes of the GPU; 0: it does not use one."""
    if engine.declared.device == "cpu" or device_of(engine, settings) == "cpu":
        return 0
    return settings.gpu.memory_mb.get(engine.name, engine.declared.memory_mb)


def place_of(
    engine: Engine, hosted: Hosted, settings: Settings, sharing: Sharing | None
) -> Place | None:
    """None: the engine has nothing to do with the GPU."""
    takes_mb = needs_mb(engine, settings)
    if sharing is None or not takes_mb:
        return None
    kept = settings.worker(engine.name).preload
    return sharing.admit(Tenant(hosted, takes_mb, device_of(engine, settings), kept=kept))


def device_of(engine: Engine, settings: Settings) -> str:
    """As the engine's settings tell, where they can."""
    return str(getattr(settings.engine(engine.name), "device", "auto"))
