"""Real processes are paused, and go on whatever is killed."""

import asyncio
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from wyoming_voiceclone.gpu import resumer
from wyoming_voiceclone.gpu.pausing import Pauser, processes

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux only")

HOME = """
import asyncio, sys
from pathlib import Path
from wyoming_voiceclone.gpu.pausing import Pauser

async def main():
    pauser = Pauser([sys.argv[1]], Path(sys.argv[2]))
    with pauser.speaking():
        await pauser.run()

asyncio.run(main())
"""


def adopted(*command: str) -> int:
    """The id of a process that is not our child any more: those are spared."""
    line = f"{shlex.join(command)} >/dev/null 2>&1 & echo $!"
    return int(subprocess.check_output(["/bin/sh", "-c", line]))  # noqa: S603


@pytest.fixture
def training() -> Iterator[int]:
    """A process that has something better to do; its id."""
    pid = adopted(sys.executable, "-c", "import time; time.sleep(60)")
    yield pid
    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "data" / "paused"


def is_paused(pid: int) -> bool:
    found = resumer.standing(pid)
    return found is not None and found[0] == "T"


def until(wanted: Callable[[], bool], within_s: float = 10.0) -> None:
    end = time.monotonic() + within_s
    while not wanted():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


async def becomes(wanted: Callable[[], bool], within_s: float = 10.0) -> None:
    await asyncio.to_thread(until, wanted, within_s)


@asynccontextmanager
async def running(pauser: Pauser) -> AsyncIterator[None]:
    task = asyncio.create_task(pauser.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def paused(pid: int) -> bool:
    return await asyncio.to_thread(is_paused, pid)


def paused_is(pid: int, wanted: bool) -> Callable[[], bool]:
    return lambda: is_paused(pid) is wanted


async def test_it_rests_while_somebody_listens_and_for_a_moment_after(
    training: int, record: Path
) -> None:
    pauser = Pauser([str(training)], record, rest_s=0.3)
    async with running(pauser):
        with pauser.speaking():
            await becomes(paused_is(training, True))
            await becomes(record.exists)
        await asyncio.sleep(0.05)
        assert await paused(training)
        with pauser.speaking():
            await asyncio.sleep(0.5)
            assert await paused(training)
        await becomes(paused_is(training, False))
        await becomes(lambda: not record.exists())
        with pauser.speaking():
            await becomes(paused_is(training, True))
    assert not await paused(training)


async def test_nobody_rests_for_longer_than_allowed(training: int, record: Path) -> None:
    pauser = Pauser([str(training)], record, longest_s=0.4)
    async with running(pauser):
        with pauser.speaking():
            await becomes(paused_is(training, True))
            await becomes(paused_is(training, False), within_s=3)
            await asyncio.sleep(0.3)
            assert not await paused(training)


async def test_who_was_paused_by_somebody_else_stays_so(training: int, record: Path) -> None:
    os.kill(training, signal.SIGSTOP)
    await becomes(paused_is(training, True))
    pauser = Pauser([str(training)], record, rest_s=0.0)
    async with running(pauser):
        with pauser.speaking():
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.1)
    assert await paused(training)


def the_resumer_of(home: int) -> int:
    return next(
        one.pid for one in psutil.Process(home).children() if resumer.__file__ in one.cmdline()
    )


@pytest.fixture
def home(training: int, record: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another server, to which somebody listens: the training is paused."""
    script = tmp_path / "home.py"
    script.write_text(HOME)
    home = subprocess.Popen([sys.executable, str(script), str(training), str(record)])  # noqa: S603
    try:
        until(paused_is(training, True), 20)
        yield home
    finally:
        home.kill()
        home.wait()


def test_it_goes_on_when_we_are_killed(training: int, home: subprocess.Popen[bytes]) -> None:
    home.kill()
    until(paused_is(training, False))


def test_it_goes_on_when_we_are_stopped_by_the_system(
    training: int, home: subprocess.Popen[bytes]
) -> None:
    helper = the_resumer_of(home.pid)
    os.kill(helper, signal.SIGTERM)  # systemd tells every process of a service
    home.terminate()
    until(paused_is(training, False))


def test_who_resumes_is_replaced_when_it_is_killed(
    training: int, home: subprocess.Popen[bytes], record: Path
) -> None:
    os.kill(the_resumer_of(home.pid), signal.SIGKILL)
    home.send_signal(signal.SIGINT)
    home.wait(10)
    until(paused_is(training, False))
    assert not record.exists()


async def test_when_both_are_killed_the_next_start_resumes(
    training: int, home: subprocess.Popen[bytes], record: Path
) -> None:
    helper = the_resumer_of(home.pid)
    os.kill(home.pid, signal.SIGSTOP)  # it sees nothing of what follows
    os.kill(helper, signal.SIGKILL)
    home.kill()
    await asyncio.sleep(0.2)
    assert await paused(training)
    await becomes(record.exists)
    await Pauser([], record).run()  # also when nothing is to be paused any more
    await becomes(paused_is(training, False))
    await becomes(lambda: not record.exists())


async def test_another_program_of_ours_leaves_alone_what_the_server_paused(
    training: int, home: subprocess.Popen[bytes], record: Path
) -> None:
    await Pauser([], record).run()
    await asyncio.sleep(0.2)
    assert await paused(training)
    await becomes(record.exists)
    home.kill()
    await becomes(paused_is(training, False))


def test_a_home_that_hangs_loses_its_lease(training: int, record: Path) -> None:
    record.parent.mkdir()
    short = "import runpy, sys; m = runpy.run_path(sys.argv[1]); "
    short += "m['_work'].__globals__['LEASE_S'] = 0.3; from pathlib import Path; "
    short += "m['main'](Path(sys.argv[2]))"
    command = [sys.executable, "-I", "-S", "-c", short, resumer.__file__, str(record)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdin
        found = resumer.standing(training)
        assert found
        process.stdin.write(f"{training}:{found[1]}\n".encode())
        process.stdin.flush()
        until(paused_is(training, True))
        until(paused_is(training, False))


def test_a_number_that_became_another_process_is_left_alone(training: int, record: Path) -> None:
    record.parent.mkdir()
    record.write_text(f"{training}:1")
    os.kill(training, signal.SIGSTOP)
    until(paused_is(training, True))
    waiting = resumer.Resumer(record)
    waiting.resume_left()
    time.sleep(0.1)
    assert is_paused(training)
    waiting.pause({training: 1})
    assert not record.exists()


@pytest.mark.parametrize("content", ["", "nonsense", "1:2:3", "\0"])
def test_a_record_that_is_broken_harms_nobody(record: Path, content: str) -> None:
    record.parent.mkdir()
    record.write_text(content)
    command = [sys.executable, "-I", "-S", resumer.__file__, str(record)]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, check=False, timeout=10)  # noqa: S603
    assert run.returncode == 0


def test_names_are_of_programs_or_their_scripts_and_never_our_own(tmp_path: Path) -> None:
    script = tmp_path / "train_llm.py"
    script.write_text("import time; time.sleep(60)")
    command = [sys.executable, str(script)]
    pid = adopted(*command)
    try:
        until(lambda: pid in processes(["train_llm.py"]))
        assert pid in processes([str(pid)])
        assert pid not in processes(["train_llm", ""])
        with subprocess.Popen(command) as own:  # noqa: S603
            assert own.pid not in processes(["train_llm.py", str(own.pid)])
            own.kill()
        assert not processes([str(os.getpid()), str(os.getppid()), "1"])
    finally:
        os.kill(pid, signal.SIGKILL)
