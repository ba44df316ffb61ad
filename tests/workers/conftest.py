"""Real workers: each test gets its own, hosted by a real process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.testing.scripted_engine import HOSTED_AS
from wyoming_voiceclone.workers import WorkerBackend, WorkerLimits, WorkerPlan

MakeWorker = Callable[..., Awaitable[WorkerBackend]]


@pytest_asyncio.fixture
async def make_worker(tmp_path: Path) -> AsyncIterator[MakeWorker]:
    """Makes workers that host the scripted engine with the settings given."""
    async with AsyncExitStack() as stack:

        async def make(
            limits: WorkerLimits | None = None,
            *,
            preload: bool = False,
            log: Path | None = None,
            **settings: Any,
        ) -> WorkerBackend:
            plan = WorkerPlan(HOSTED_AS, folders(tmp_path), settings, name="worker")
            worker = await asyncio.to_thread(WorkerBackend, plan, limits, preload=preload, log=log)
            stack.push_async_callback(worker.aclose)
            return worker

        yield make


@pytest.fixture(autouse=True)
def _the_log_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "wyoming_voiceclone")


def folders(path: Path) -> Folders:
    return Folders(path / "voices", path / "data", path / "cache")
