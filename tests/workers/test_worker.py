"""A worker: an engine in a process of its own, and nobody hears the difference."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.testing.home_assistant import HomeAssistant
from wyoming_voiceclone.testing.scripted_engine import (
    HOSTED_AS,
    ScriptedEngineBackend,
    ScriptedSettings,
)
from wyoming_voiceclone.workers import WorkerBackend, WorkerLimits

MakeWorker = Callable[..., Awaitable[WorkerBackend]]
Check = Callable[..., Awaitable[None]]

ONE = SynthesisRequest("one two three", "ada")
LONG = SynthesisRequest("word " * 200, "ada")


def processes() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and HOSTED_AS in child.cmdline()
    ]


def make_folder(path: Path) -> None:
    path.mkdir()


def exists(path: Path) -> bool:
    return path.exists()


async def until(condition: Callable[[], bool], within_s: float) -> float:
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- seen from outside
            await asyncio.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.parametrize("check", [check_backend, check_cloning])
async def test_it_keeps_the_contract(make_worker: MakeWorker, check: Check) -> None:
    async def make() -> WorkerBackend:
        worker = await make_worker()
        await worker.warm(["ada"])
        return worker

    await check(make)


async def test_it_sounds_as_the_engine_does_to_the_last_bit(make_worker: MakeWorker) -> None:
    direct = await speak(ScriptedEngineBackend(ScriptedSettings()), ONE)
    heard = await speak(await make_worker(), ONE)
    assert direct[0] == heard[0]
    assert np.array_equal(direct[1], heard[1])


async def test_eight_listeners_at_once_hear_their_own_words(make_worker: MakeWorker) -> None:
    worker = await make_worker(chunk_s=0.005)
    requests = [SynthesisRequest(f"word{i} " * 20, "ada") for i in range(8)]
    engine = ScriptedEngineBackend(ScriptedSettings())
    alone = [await speak(engine, request) for request in requests]
    together = await asyncio.gather(*(speak(worker, request) for request in requests))
    for (_, expected), (_, heard) in zip(alone, together, strict=True):
        assert np.array_equal(expected, heard)


async def test_nothing_is_started_before_somebody_asks_and_then_once(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(load_s=0.2)
    assert not processes()
    await asyncio.gather(*(speak(worker, ONE) for _ in range(4)))
    assert len(processes()) == 1


async def test_what_it_offers_is_known_without_starting_it_again(make_worker: MakeWorker) -> None:
    first = await make_worker(revision="r2")
    assert first.capabilities().voices == ()
    await first.warm(["ada"])
    assert first.capabilities().clones
    again = await make_worker(revision="r2")
    assert again.capabilities() == first.capabilities()
    assert again.revision == "r2"
    other = await make_worker(revision="r3")
    assert other.capabilities().voices == (), "of an engine with other settings nothing is known"


async def test_the_program_starts_only_what_is_preloaded_or_unknown(
    make_worker: MakeWorker,
) -> None:
    unknown = await make_worker()
    await unknown.warm([])
    assert processes()
    await unknown.aclose()
    known = await make_worker()
    await known.warm([])
    assert not processes()
    preloaded = await make_worker(preload=True)
    await preloaded.warm([])
    assert processes()


async def test_the_engine_gets_ready_before_the_first_request(
    make_worker: MakeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await make_worker()
    await worker.warm(["ada"])
    await until(lambda: "the model is loaded" in caplog.text, 2)


async def test_closing_it_leaves_nothing_behind(make_worker: MakeWorker) -> None:
    worker = await make_worker()
    await worker.warm(["ada"])
    (process,) = processes()
    folder = Path(process.cmdline()[-1]).parent
    assert exists(folder)
    await worker.aclose()
    assert not process.is_running()
    assert not exists(folder)
    with pytest.raises(BackendUnavailable, match="closed"):
        await worker.synthesize(ONE)


async def test_what_a_killed_server_left_behind_is_removed(
    make_worker: MakeWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone, alive = tmp_path / "voiceclone-4194305-x", tmp_path / f"voiceclone-{os.getppid()}-x"
    for folder in (gone, alive):
        make_folder(folder)
    await (await make_worker()).warm(["ada"])
    assert not exists(gone)
    assert exists(alive)


async def test_closing_it_while_it_starts_leaves_nothing_behind(make_worker: MakeWorker) -> None:
    worker = await make_worker(load_s=30)
    asking = asyncio.create_task(worker.synthesize(ONE))
    await until(lambda: bool(processes()), 2)
    await worker.aclose()
    with pytest.raises(BackendUnavailable, match="closed"):
        await asking
    assert not processes()


async def test_whoever_gives_up_waiting_does_not_stop_the_start(make_worker: MakeWorker) -> None:
    worker = await make_worker(load_s=0.5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await worker.synthesize(ONE)
    await speak(worker, ONE)
    assert len(processes()) == 1


async def test_a_worker_that_does_not_listen_to_reason_is_killed(make_worker: MakeWorker) -> None:
    worker = await make_worker(WorkerLimits(grace_s=0.2))
    await worker.warm(["ada"])
    (process,) = processes()
    process.suspend()
    began = time.monotonic()
    await worker.aclose()
    assert time.monotonic() - began < 2
    assert not processes()


async def test_an_idle_worker_gives_all_its_memory_back_and_comes_again(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(WorkerLimits(idle_s=0.3))
    await speak(worker, ONE)
    assert processes()
    await until(lambda: not processes(), 3)
    await speak(worker, ONE)


async def test_a_worker_that_speaks_is_not_idle(make_worker: MakeWorker) -> None:
    worker = await make_worker(WorkerLimits(idle_s=0.2), chunk_s=0.1)
    _, samples = await speak(worker, SynthesisRequest("word " * 10, "ada"))
    assert len(samples) == 10 * 2_205


async def test_a_killed_worker_is_a_broken_sentence_at_once(make_worker: MakeWorker) -> None:
    worker = await make_worker(chunk_s=0.05)
    async with await worker.synthesize(LONG) as stream:
        await anext(stream)
        processes()[0].kill()
        began = time.monotonic()
        with pytest.raises(BackendError, match="worker: broke off"):
            async for _ in stream:
                pass
    assert time.monotonic() - began < 0.3
    await until(lambda: not processes(), 1)
    began = time.monotonic()
    with pytest.raises(BackendUnavailable):
        await worker.synthesize(ONE)
    assert time.monotonic() - began < 0.1


async def test_the_rest_of_a_sentence_that_its_crash_cuts_off_is_said_by_the_next_backend(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(chunk_s=0.02)
    await worker.warm(["ada"])
    cpu = ScriptedBackend("cpu")
    async with await Router([worker, cpu]).synthesize(LONG) as stream:
        await anext(stream)
        processes()[0].kill()
        async for _ in stream:
            pass
    (rest,) = cpu.spoken
    assert LONG.text.endswith(rest.text)
    assert 0 < len(rest.text.split()) <= 200


async def test_after_a_crash_it_comes_back_by_itself(make_worker: MakeWorker) -> None:
    worker = await make_worker()
    await worker.warm(["ada"])
    processes()[0].kill()
    await until(lambda: not processes(), 1)
    assert await until(lambda: bool(processes()), 3) > 0.5
    await speak(worker, ONE)


async def test_it_is_left_alone_for_longer_after_each_crash(
    make_worker: MakeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await make_worker(crash="deadly")
    for crashes in (1, 2):
        with pytest.raises(BackendError):
            await _insist(worker, SynthesisRequest("deadly words", "ada"))
        await until(lambda: len(waits_in(caplog)) >= crashes, 2)  # noqa: B023 -- awaited here
    assert waits_in(caplog) == ["1", "2"]


async def test_a_sentence_spoken_to_its_end_makes_up_for_a_crash(
    make_worker: MakeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await make_worker(crash="deadly")
    for crashes in (1, 2):
        with pytest.raises(BackendError):
            await _insist(worker, SynthesisRequest("deadly words", "ada"))
        await until(lambda: len(waits_in(caplog)) >= crashes, 2)  # noqa: B023 -- awaited here
        await _insist(worker, ONE)
    assert waits_in(caplog) == ["1", "1"]


def waits_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return re.findall(r"SIGKILL — tried again in (\d) s", caplog.text)


async def _insist(worker: WorkerBackend, request: SynthesisRequest) -> None:
    """As a router does: ask until somebody begins to speak."""
    async with asyncio.timeout(5):
        while True:
            try:
                stream = await worker.synthesize(request)
            except BackendUnavailable:
                await asyncio.sleep(0.05)
                continue
            async with stream:
                async for _ in stream:
                    pass
            return


async def test_an_engine_that_cannot_be_loaded_says_why_and_is_not_tried_in_a_loop(
    make_worker: MakeWorker,
) -> None:
    worker = await make_worker(broken="model.safetensors is missing — install the engine")
    with pytest.raises(BackendUnavailable, match=r"worker: cannot be started: model\.safe"):
        await worker.synthesize(ONE)
    with pytest.raises(BackendUnavailable, match="tried again in 1 s"):
        await worker.synthesize(ONE)
    await asyncio.sleep(1.3)
    assert not processes()


async def test_an_engine_that_does_not_get_ready_is_given_up(make_worker: MakeWorker) -> None:
    worker = await make_worker(WorkerLimits(startup_s=0.5), load_s=30)
    began = time.monotonic()
    with pytest.raises(BackendUnavailable, match=r"not ready after 0.5 s"):
        await worker.warm(["ada"])
    assert time.monotonic() - began < 3
    assert not processes()


async def test_closing_a_stream_stops_the_engine_within_a_chunk(
    make_worker: MakeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await make_worker(chunk_s=0.1)
    stream = await worker.synthesize(LONG)
    await anext(stream)
    await stream.aclose()
    stopped_s = await until(lambda: "computed" in caplog.text, 2)
    assert stopped_s < 0.3
    computed = re.search(r"computed (\d+) of 200", caplog.text)
    assert computed
    assert int(computed[1]) <= 2


async def test_a_listener_who_does_not_listen_holds_the_engine_up(
    make_worker: MakeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """What lies between is what the kernel and two buffers hold, however long the text is."""
    worker = await make_worker(word_s=1.0)
    stream = await worker.synthesize(SynthesisRequest("word " * 1_000, "ada"))
    await asyncio.sleep(1.5)
    assert "computed" not in caplog.text
    await stream.aclose()
    await until(lambda: "computed" in caplog.text, 2)
    computed = re.search(r"computed (\d+) of 1000", caplog.text)
    assert computed
    assert int(computed[1]) < 20


async def test_its_log_is_the_servers_log(
    make_worker: MakeWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await make_worker(prints="a library prints this\n")
    await speak(worker, ONE)
    await until(lambda: "computed" in caplog.text, 2)
    by_level = {(r.name, r.levelname, r.getMessage()) for r in caplog.records}
    name = "wyoming_voiceclone.worker.worker"
    assert (name, "INFO", "computed 3 of 3 chunks") in by_level
    assert (name, "DEBUG", "a library prints this") in by_level


async def test_any_wyoming_client_can_talk_to_it(make_worker: MakeWorker) -> None:
    worker = await make_worker()
    await worker.warm(["ada"])
    socket = processes()[0].cmdline()[-1]
    heard = await HomeAssistant(f"unix://{socket}").say("Hello there.")
    assert heard.ended
    assert heard.seconds > 0.1


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_parent(how: signal.Signals, frozen: bool, tmp_path: Path) -> None:
    parent = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    if frozen:
        child.suspend()
    os.kill(parent.pid, how)
    parent.wait(5)
    parent.stdout.close()
    child.wait(2)


PARENT = f"""
import asyncio, pathlib, sys
from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.workers import WorkerPlan
from wyoming_voiceclone.workers.journal import Journal
from wyoming_voiceclone.workers.process import WorkerProcess

async def main():
    path = pathlib.Path(sys.argv[1])
    plan = WorkerPlan({HOSTED_AS!r}, Folders(path, path, path))
    process = await WorkerProcess.start(plan, 20, Journal("w"))
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
