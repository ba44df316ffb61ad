"""Noticing what is installed while the server runs."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import hosted

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends import Environment, Folders
from wyoming_voiceclone.hosting.engines import Engines
from wyoming_voiceclone.hosting.hosted import HostedEngine
from wyoming_voiceclone.hosting.watching import watch_installations
from wyoming_voiceclone.testing.scripted_engine import ENGINE, HOSTED_AS
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan


def _hosted(name: str, folders: Folders, model_s: float) -> HostedEngine:
    def make(_python: Path) -> WorkerBackend:
        return WorkerBackend(WorkerPlan(HOSTED_AS, folders, {"model_s": model_s}, name))

    return HostedEngine(replace(ENGINE, name=name, environment=Environment(())), folders, make)


async def _until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 -- nobody tells
        await asyncio.sleep(0.02)


async def test_one_that_takes_long_to_start_keeps_no_other_from_being_noticed(
    tmp_path: Path,
) -> None:
    folders = Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")
    slow, quick = _hosted("slow", folders, 60.0), _hosted("quick", folders, 0.0)
    engines = Engines([slow, quick], {})
    try:
        async with asyncio.timeout(15), meanwhile(watch_installations(engines, 0.05)):
            for one in slow, quick:
                declared = replace(ENGINE, name=one.name, environment=Environment(()))
                await asyncio.to_thread(hosted.install_engine, tmp_path / "data", declared)
                await _until(partial(getattr, one, "is_installed"))
            await _until(lambda: bool(quick.capabilities().voices))
            assert slow.status().state == "starting"
    finally:
        await engines.aclose()
