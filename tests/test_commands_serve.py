"""`serve` as a process: signals, restarts, what it leaves behind."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from programs import Shell
from served import serving
from wyoming.audio import AudioStart
from wyoming.tts import Synthesize

from wyoming_voiceclone.testing.home_assistant import HomeAssistant, Line

LONG = "One and two and three and four and five and six and seven and eight and nine. " * 60
"""More audio than the buffers between two processes hold."""


async def refused(home: HomeAssistant) -> None:
    """Return once nobody listens any more."""
    async with asyncio.timeout(2):
        while True:
            try:
                await home.info()
            except ConnectionError:
                return


async def begin_long(line: Line) -> None:
    """Let it speak into full buffers: the utterance lasts until somebody reads."""
    await line.send(Synthesize(LONG))
    event = await line.receive()
    assert event is not None
    assert AudioStart.is_type(event.type)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


async def test_the_server_speaks_and_ends_at_sigterm_with_nothing_left_behind(
    shell: Shell,
) -> None:
    path = shell.folder / "voice.sock"
    async with serving(shell, "--uri", f"unix://{path}", "--voice", "espeak-en-gb") as served:
        heard = await served.home.say("Hello there.")
        assert heard.seconds > 0.3
        served.process.terminate()
        assert await served.ended(within_s=5) == 0
    assert not path.exists()
    assert not [*shell.folder.rglob("*.tmp")]
    assert not [line for line in served.log if "Traceback" in line or "WARNING" in line]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_utterance_being_spoken_is_finished_after_the_signal(
    number: signal.Signals, shell: Shell
) -> None:
    async with serving(shell) as served, served.home.connected() as line:
        whole = (await served.home.say_plain(LONG)).pcm
        await begin_long(line)
        served.process.send_signal(number)
        await served.logged("stopping")
        await refused(served.home)
        events = await line.rest()
        assert events[-1].type == "audio-stop"
        heard = sum(len(event.payload or b"") for event in events)
        assert heard == pytest.approx(len(whole), rel=0.001)
        assert await served.ended(within_s=5) == 0


async def test_a_second_signal_stops_at_once(shell: Shell) -> None:
    async with serving(shell) as served, served.home.connected() as line:
        await begin_long(line)
        served.process.send_signal(signal.SIGINT)
        await served.logged("stopping")
        served.process.send_signal(signal.SIGINT)
        assert await served.ended(within_s=3) == 0


async def test_the_grace_time_ends(shell: Shell) -> None:
    shell.environment["WYOMING_VOICECLONE_SERVER__GRACE_S"] = "0.3"
    async with serving(shell) as served, served.home.connected() as line:
        await begin_long(line)
        served.process.terminate()
        assert await served.ended(within_s=4) == 0


async def test_sigint_works_where_the_shell_had_it_ignored(shell: Shell) -> None:
    # what `command &` in a script does
    shell.environment["PYTHONPATH"] = os.pathsep.join(["", str(Path(__file__).parents[1])])
    ignoring = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
    python, *arguments = shell.command("serve")
    process = await asyncio.create_subprocess_exec(
        python,
        "-c",
        f"{ignoring} os.execv(sys.executable, [sys.executable, *{arguments!r}])",
        cwd=shell.folder,
        env=shell.environment,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    while b"listening" not in await process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, rest = await asyncio.wait_for(process.communicate(), 5)
    assert process.returncode == 0, rest


async def test_after_kill_9_the_same_port_serves_again(shell: Shell) -> None:
    async with serving(shell) as first, first.home.connected() as line:
        await begin_long(line)
        port = first.home.uri.rpartition(":")[2]
        first.process.kill()
        await first.process.wait()
    async with serving(shell, "--port", port) as second:
        assert (await second.home.say("Hello again.")).seconds > 0.3


async def test_a_port_in_use_is_told_in_one_line(shell: Shell) -> None:
    async with serving(shell) as served:
        port = served.home.uri.rpartition(":")[2]
        done = await asyncio.to_thread(shell.run, "serve", "--port", port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: tcp://127.0.0.1:{port}: port {port} is in use")
    assert len(done.stderr.splitlines()) == 1


async def test_the_doctor_sees_the_running_server(shell: Shell) -> None:
    async with serving(shell) as served:
        shell.environment["WYOMING_VOICECLONE_SERVER__PORT"] = served.home.uri.rpartition(":")[2]
        done = await asyncio.to_thread(shell.run, "doctor")
    assert f"✓ {served.home.uri}: voiceclone " in done.stdout


async def test_text_being_spoken_is_not_in_the_log(shell: Shell) -> None:
    async with serving(shell, "--log-json") as served:
        await served.home.say("The secret word is rhubarb.")
        served.process.terminate()
        await served.ended(within_s=5)
    assert served.log
    assert all(line.startswith("{") for line in served.log)
    assert "rhubarb" not in "".join(served.log)


async def test_describe_is_answered_within_two_seconds_of_the_start(shell: Shell) -> None:
    began = time.monotonic()
    async with serving(shell) as served:
        assert (await served.home.info()).tts[0].voices
        # imports of a cold Python included; Home Assistant's own start takes longer
        assert time.monotonic() - began < 8
