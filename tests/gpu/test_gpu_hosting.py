"""An engine that is installed on demand, on a GPU that others use, as [gpu] says."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import hosted
import pytest
from programs import install, other_engines

from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.config import Settings, read_settings
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.gpu import Sharing
from wyoming_voiceclone.hosting import HostedEngine, make_engines
from wyoming_voiceclone.hosting.gpu import needs_mb, shared_gpu
from wyoming_voiceclone.testing.scripted_gpu import ScriptedGpu

ON_GPU = f"""{hosted.CODE}
ENGINE = replace(ENGINE, declared=replace(ENGINE.declared, device="gpu", memory_mb=4500))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Of data, with the engine installed."""
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, hosted.NAME, ON_GPU)
    sys.path.insert(0, str(packages))
    hosted.install_engine(tmp_path / "data")
    yield tmp_path
    hosted.forget(packages)


def settings_for(folder: Path, table: dict[str, Any]) -> Settings:
    flags = {
        "folders": {name: folder / name for name in ("data", "voices", "cache")},
        "engines": {name: {"enabled": False} for name in other_engines(hosted.NAME)},
        "gpu": table,
    }
    return read_settings(flags, environment={})


@asynccontextmanager
async def engine(folder: Path, gpu: ScriptedGpu, **table: Any) -> AsyncIterator[HostedEngine]:
    settings = await asyncio.to_thread(settings_for, folder, table)
    engines = await make_engines(settings, Sharing(gpu) if table.get("share", True) else None)
    try:
        yield engines.hosted[hosted.NAME]
    finally:
        await engines.aclose()


async def test_an_engine_for_the_gpu_does_not_start_where_there_is_no_room(folder: Path) -> None:
    gpu = ScriptedGpu(8000)
    gpu.hold("training", 5000)
    async with engine(folder, gpu) as one:
        with pytest.raises(BackendUnavailable, match="busy: needs 4500 MB"):
            await one.start()
        gpu.release("training")
        await one.start()
        assert one.status().state == "ready"


@pytest.mark.parametrize(
    "table", [{"memory_mb": {hosted.NAME: 2500}}, {"memory_mb": {hosted.NAME: 0}}, {"share": False}]
)
async def test_its_owner_knows_better(folder: Path, table: dict[str, Any]) -> None:
    gpu = ScriptedGpu(8000)
    gpu.hold("training", 5000)
    async with engine(folder, gpu, **table) as one:
        await one.start()


def test_an_engine_that_is_told_to_use_the_processor_takes_nothing() -> None:
    settings = read_settings({"engines": {"xtts": {"device": "cpu"}}}, environment={})
    engines = installed_engines()
    assert needs_mb(engines["xtts"], settings) == 0
    assert needs_mb(engines["csm"], settings) == engines["csm"].declared.memory_mb > 1000
    assert needs_mb(engines["piper"], settings) == 0


async def test_on_a_machine_without_a_gpu_nothing_is_different(tmp_path: Path) -> None:
    for table in ({"share": True}, {"share": False}):
        settings = await asyncio.to_thread(settings_for, tmp_path, table)
        async with shared_gpu(settings) as sharing:
            assert bool(sharing) is table["share"]
