"""Starting, stopping and asking a worker; what a start costs those who wait for it."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.workers import WorkerBackend, WorkerLimits, WorkerStatus

MakeWorker = Callable[..., Awaitable[WorkerBackend]]

ONE = SynthesisRequest("one two three", "ada")
LONG = SynthesisRequest("word " * 200, "ada")


async def until(worker: WorkerBackend, state: str, within_s: float = 10) -> WorkerStatus:
    async with asyncio.timeout(within_s):
        while (now := worker.status()).state != state:  # noqa: ASYNC110 -- seen from outside
            await asyncio.sleep(0.01)
    return now


async def test_a_sentence_does_not_wait_for_a_long_start_and_the_next_not_at_all(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(WorkerLimits(patience_s=0.5), model_s=3)
    for most_s in (1.5, 0.3):
        began = time.monotonic()
        with pytest.raises(BackendUnavailable, match=r"worker: is starting, for \d s by now"):
            await worker.synthesize(ONE)
        assert time.monotonic() - began < most_s
    assert worker.status().state == "starting"
    await until(worker, "ready")
    await speak(worker, ONE)
    assert worker.status().sentences == 1


async def test_learning_waits_for_the_whole_start(make_worker: MakeWorker) -> None:
    worker = await make_worker(WorkerLimits(patience_s=0.01), model_s=0.5)
    tone = np.sin(np.arange(44_100) / 10).astype(np.float32)
    await worker.enroll(Reference(tone, 22_050))
    assert worker.status().sentences == 0


async def test_one_that_only_learnt_goes_sooner_than_one_that_spoke(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(WorkerLimits(learnt_idle_s=0.2))
    await worker.warm([])
    await until(worker, "stopped", 5)
    await speak(worker, ONE)
    await asyncio.sleep(1)
    assert worker.status().state == "ready"


async def test_a_model_that_cannot_be_loaded_leaves_no_process_behind(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(lost="model.safetensors is damaged — install the engine again")
    with pytest.raises(BackendUnavailable, match=r"cannot be started: model\.safetensors is dam"):
        await worker.synthesize(ONE)
    failed = await until(worker, "failed")
    assert "model.safetensors is damaged" in failed.reason
    assert not psutil.Process().children()
    assert worker.capabilities().voices, "what it offers is known all the same"


async def test_a_model_that_takes_for_ever_is_given_up(make_worker: MakeWorker) -> None:
    worker = await make_worker(WorkerLimits(startup_s=5), model_s=60)
    with pytest.raises(BackendUnavailable, match=r"not loaded after 5 s — see its log"):
        await worker.warm(["ada"])


async def test_stopping_waits_for_the_sentence_and_serves_nobody_new(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(chunk_s=0.1)
    await worker.start()
    pid = worker.status().pid
    async with await worker.synthesize(SynthesisRequest("word " * 10, "ada")) as stream:
        stopping = asyncio.create_task(worker.stop(10))
        await until(worker, "stopping")
        with pytest.raises(BackendUnavailable, match="being stopped"):
            await worker.synthesize(ONE)
        assert len([chunk async for chunk in stream]) == 10
    await stopping
    assert (worker.status().state, worker.status().crashes) == ("stopped", 0)
    assert not psutil.pid_exists(pid or 0)
    await speak(worker, ONE)


async def test_a_sentence_that_is_not_over_in_time_breaks_off(make_worker: MakeWorker) -> None:
    worker = await make_worker(chunk_s=0.1)
    async with await worker.synthesize(LONG) as stream:
        await anext(stream)
        await worker.stop(0.2)
        with pytest.raises(BackendError, match="broke off"):
            async for _ in stream:
                pass


async def test_stopping_disappoints_whoever_waits_for_the_start(make_worker: MakeWorker) -> None:
    worker = await make_worker(model_s=60)
    waiting = asyncio.create_task(worker.synthesize(ONE))
    await until(worker, "starting")
    await worker.stop(10)
    with pytest.raises(BackendUnavailable, match="was stopped"):
        await waiting
    assert worker.status().state == "stopped"


async def test_stopping_may_be_given_up_and_asked_for_twice(make_worker: MakeWorker) -> None:
    worker = await make_worker(chunk_s=0.05)
    async with await worker.synthesize(LONG):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await worker.stop(30)
        await asyncio.gather(worker.stop(0), worker.stop(0))
    await worker.stop(0)
    await speak(worker, ONE)


async def test_closing_does_not_wait_for_somebody_who_stops_gently(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(chunk_s=0.1)
    async with await worker.synthesize(LONG):
        stopping = asyncio.create_task(worker.stop(60))
        await until(worker, "stopping")
        async with asyncio.timeout(5):
            await worker.aclose()
            await stopping


async def test_starting_by_hand_does_not_wait_for_the_back_off(make_worker: MakeWorker) -> None:
    worker = await make_worker()
    await worker.start()
    for _ in range(2):
        os.kill(worker.status().pid or 0, signal.SIGKILL)
        down = await until(worker, "restarting")
        assert "SIGKILL" in down.reason
        async with asyncio.timeout(5):
            await worker.start()
    up = worker.status()
    assert (up.state, up.crashes, up.reason) == ("ready", 2, "")


async def test_its_log_file_stays_small_private_and_where_it_was_put(
    make_worker: MakeWorker, tmp_path: Path
) -> None:
    worker = await make_worker(log=tmp_path / "log")
    await speak(worker, ONE)
    await worker.aclose()
    kept = await asyncio.to_thread((tmp_path / "log").read_text, "utf-8")
    assert "INFO    worker: is ready (process" in kept
    assert "INFO    computed 3 of 3 chunks" in kept
    gone = await make_worker(log=tmp_path / "removed" / "log")
    await speak(gone, ONE)
    await gone.aclose()
    assert not await asyncio.to_thread((tmp_path / "removed").exists)
