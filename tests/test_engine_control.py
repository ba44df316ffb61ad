"""`engines start`, `stop`, `status`, `logs` on a real server whose engine has a real process."""

import asyncio
import json
import os
import signal
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import hosted
import psutil
import pytest
from programs import Shell
from served import Served, serving

from wyoming_voiceclone.errors import BadRequest, ConfigError
from wyoming_voiceclone.servers.control import Control, EngineStatus, NoServer, Request, socket_in
from wyoming_voiceclone.servers.control.place import reachable

SENTENCE = "one two three four five six seven eight nine ten"


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "packages"
    hosted.declare(folder)
    yield folder
    hosted.forget(folder)


@pytest.fixture
def shell(tmp_path: Path, packages: Path) -> Shell:
    return hosted.hosting_shell(tmp_path, packages)


@pytest.fixture
def installed(shell: Shell) -> Path:
    return hosted.install_engine(shell.folder / "data")


def scripted(shell: Shell, **settings: object) -> None:
    for key, value in settings.items():
        shell.environment[f"WYOMING_VOICECLONE_ENGINES__SCRIPTED__{key.upper()}"] = str(value)


async def ask(shell: Shell, request: Request | None = None) -> EngineStatus:
    answer = await Control(shell.folder / "data").ask(request or Request("status"), 20)
    return next(one for one in answer if one.name == hosted.NAME)


async def until(shell: Shell, wanted: Callable[[EngineStatus], bool]) -> EngineStatus:
    async with asyncio.timeout(15):
        while not wanted(now := await ask(shell)):  # noqa: ASYNC110 -- it is in another process
            await asyncio.sleep(0.05)
    return now


@asynccontextmanager
async def talking(shell: Shell) -> AsyncIterator[Served]:
    """A server whose worker is ready."""
    async with serving(shell) as served:
        await ask(shell, Request("start", hosted.NAME))
        yield served


@pytest.mark.usefixtures("installed")
async def test_its_owner_sees_it_start_speak_rest_and_stop(shell: Shell) -> None:
    scripted(shell, chunk_s=0.05)
    async with serving(shell) as served:
        started = await ask(shell, Request("start", hosted.NAME))
        assert started.state == "ready"
        assert psutil.pid_exists(started.pid or 0)
        assert (started.memory_mb or 0) > 10
        saying = asyncio.create_task(served.home.say(SENTENCE, voice="ada"))
        await until(shell, lambda one: one.state == "busy")
        assert (await saying).error is None
        rested = await until(shell, lambda one: one.idle_s is not None)
        assert (rested.state, rested.sentences, rested.crashes) == ("ready", 1, 0)
        stopped = await ask(shell, Request("stop", hosted.NAME))
        assert (stopped.state, stopped.pid) == ("stopped", None)
        assert not psutil.pid_exists(started.pid or 0)
        assert (await served.home.say("It comes back.", voice="ada")).error is None
        assert (await ask(shell)).state == "ready"


async def test_the_commands_say_what_they_did(shell: Shell, installed: Path) -> None:
    async with serving(shell) as served:
        told = await asyncio.to_thread(shell.run, "engines", "start", "scripted")
        assert told.returncode == 0, told.stderr
        assert told.stdout.startswith("scripted is ready (process ")
        rows = await asyncio.to_thread(shell.run, "engines", "status", "scripted", "--json")
        about = json.loads(rows.stdout)
        assert about["server"] is True
        assert [(one["name"], one["state"]) for one in about["engines"]] == [("scripted", "ready")]
        table = (await asyncio.to_thread(shell.run, "engines", "status")).stdout
        assert "in the server" in next(row for row in table.splitlines() if "espeak" in row)
        told = await asyncio.to_thread(shell.run, "engines", "stop", "scripted", "--now")
        assert "scripted is stopped; the next request" in told.stdout
        told = await asyncio.to_thread(shell.run, "engines", "stop", "pocket")
        assert told.returncode == 1 or told.stdout == "pocket is not installed\n"
        await served.logged("the model is loaded")
    assert (installed / "log").exists()


@pytest.mark.usefixtures("installed")
async def test_an_engine_is_tried_where_it_will_run_and_not_beside_it(shell: Shell) -> None:
    async with serving(shell):
        await ask(shell, Request("start", hosted.NAME))
        await ask(shell, Request("stop", hosted.NAME))
        told = await asyncio.to_thread(shell.run, "engines", "install", "scripted")
        assert told.returncode == 0, told.stderr
        assert (await ask(shell)).state == "ready"


@pytest.mark.usefixtures("installed")
async def test_without_a_server_one_line_says_so_and_status_knows_what_is_installed(
    shell: Shell,
) -> None:
    nobody = f"no server runs here with {shell.folder / 'data'}"
    for command in "start", "stop":
        told = await asyncio.to_thread(shell.run, "engines", command, "scripted")
        assert told.returncode == 1
        assert told.stderr == f"error: {nobody} — start it: `wyoming-voiceclone serve`\n"
    rows = await asyncio.to_thread(shell.run, "engines", "status", "--json")
    about = json.loads(rows.stdout)
    states = {one["name"]: one["state"] for one in about["engines"]}
    assert about["server"] is False
    assert (states["scripted"], states["pocket"]) == ("stopped", "not installed")
    table = await asyncio.to_thread(shell.run, "engines", "status")
    assert not [line for line in table.stdout.splitlines() if line.endswith(" ")]


async def test_what_cannot_be_is_refused_with_the_reason(shell: Shell) -> None:
    async with serving(shell):
        with pytest.raises(BadRequest, match="espeak: speaks inside the server"):
            await ask(shell, Request("stop", "espeak"))
        with pytest.raises(BadRequest, match="nobody: no engine is called that — have scripted"):
            await ask(shell, Request("start", "nobody"))
        told = await asyncio.to_thread(shell.run, "engines", "start", "scripted")
    assert told.returncode == 1
    assert "scripted: is not installed — run `wyoming-voiceclone engines install" in told.stderr


@pytest.mark.usefixtures("installed")
async def test_a_sentence_being_spoken_is_finished_before_its_engine_stops(shell: Shell) -> None:
    scripted(shell, chunk_s=0.1, rate=16_000)
    async with talking(shell) as served:
        saying = asyncio.create_task(served.home.say(SENTENCE, voice="ada"))
        await until(shell, lambda one: one.state == "busy")
        assert (await ask(shell, Request("stop", hosted.NAME))).sentences == 1
        heard = await saying
    assert (heard.error, heard.rates) == (None, [16_000])
    assert heard.seconds == pytest.approx(1.0, abs=0.05)


@pytest.mark.usefixtures("installed")
async def test_when_it_is_stopped_at_once_others_say_the_rest(shell: Shell) -> None:
    scripted(shell, chunk_s=0.2, rate=16_000)
    async with talking(shell) as served:
        saying = asyncio.create_task(served.home.say(SENTENCE, voice="ada"))
        await until(shell, lambda one: one.state == "busy")
        await ask(shell, Request("stop", hosted.NAME, 0.0))
        heard = await saying
        await served.logged("scripted: broke off inside a sentence")
    assert heard.error is None
    assert heard.seconds > 1.5, "espeak's words are longer than tones"


@pytest.mark.usefixtures("installed")
async def test_a_server_may_be_killed_and_the_next_one_is_controlled(shell: Shell) -> None:
    async with serving(shell) as first:
        assert (await ask(shell)).state in {"starting", "ready"}
        first.process.kill()
        await first.process.wait()
    with pytest.raises(NoServer):
        await ask(shell)
    async with serving(shell) as second:
        assert (await ask(shell)).name == hosted.NAME
        second.process.terminate()
        await second.ended(5)
    assert not await asyncio.to_thread(socket_in(shell.folder / "data").exists)


async def test_of_two_servers_on_one_folder_the_first_is_controlled_and_both_speak(
    shell: Shell,
) -> None:
    async with serving(shell) as first, serving(shell) as second:
        assert "cannot reach this server" in "".join(second.log)
        assert (await second.home.say("Hello there.")).seconds > 0.3
        second.process.terminate()
        await second.ended(5)
        assert (await ask(shell)).state == "not installed"
        assert (await first.home.say("Hello there.")).seconds > 0.3


GARBAGE = [
    b"\x00\xff\n" * 50,
    b'{"type":"voiceclone-control","data":{"do":"explode"}}\n',
    b'{"type":"voiceclone-control","data":{"do":"stop","engine":7,"grace_s":"x"}}\n',
    b'{"type":"voiceclone-control","data_length":999999999}\n',
    b'{"type":"voiceclone-control","payload_length":5}\nhello',
    b'{"type":"describe"}\n',
    b"x" * 100_000,
    b"[" * 3000 + b"\n",
]


async def test_garbage_on_the_socket_is_answered_and_harms_nobody(shell: Shell) -> None:
    async with serving(shell):
        for garbage in GARBAGE:
            reader, writer = await connected(shell)
            with suppress(ConnectionError):
                writer.write(garbage)
                await writer.drain()
            assert b'"type": "error"' in await reader.readline(), garbage[:80]
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            assert (await ask(shell)).state == "not installed"


async def connected(shell: Shell) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the socket itself, which has a longer path than the kernel takes."""
    with ExitStack() as stack:
        near = stack.enter_context(reachable(socket_in(shell.folder / "data")))
        return await asyncio.open_unix_connection(near)


async def test_only_its_owner_may_open_the_socket_and_the_oldest_makes_room(
    shell: Shell,
) -> None:
    async with serving(shell):
        path = socket_in(shell.folder / "data")
        assert stat.S_IMODE((await asyncio.to_thread(path.stat)).st_mode) == 0o600
        lines = [await connected(shell) for _ in range(16)]
        assert (await ask(shell)).state == "not installed"
        assert await lines[0][0].read() == b""
        for _, writer in lines:
            writer.close()
            await writer.wait_closed()


async def test_a_data_folder_with_a_long_path_is_no_obstacle(shell: Shell, tmp_path: Path) -> None:
    far = tmp_path / ("d" * 120)
    shell.environment["WYOMING_VOICECLONE_FOLDERS__DATA"] = str(far)
    async with serving(shell) as served:
        (one,) = [
            one for one in await Control(far).ask(Request("status"), 5) if one.name == "espeak"
        ]
        assert (one.state, one.voices > 50) == ("here", True)
        served.process.terminate()
        await served.ended(5)
    assert not await asyncio.to_thread(socket_in(far).exists)


async def test_a_folder_that_cannot_be_written_costs_only_the_control(shell: Shell) -> None:
    (shell.folder / "data").write_text("a file where a folder should be")
    async with serving(shell) as served:
        assert "cannot reach this server" in "".join(served.log)
        assert (await served.home.say("Hello there.")).seconds > 0.3
    with pytest.raises(ConfigError):
        await ask(shell)


async def test_its_log_is_kept_and_followed(shell: Shell, installed: Path) -> None:
    async with talking(shell) as served:
        following = await asyncio.create_subprocess_exec(
            *shell.command("engines", "logs", "scripted", "--follow", "--lines", "1"),
            cwd=shell.folder,
            env=shell.environment,
            stdout=asyncio.subprocess.PIPE,
        )
        assert following.stdout
        first = await asyncio.wait_for(following.stdout.readline(), 10)
        assert b"scripted: is ready" in first or b"the model is loaded" in first
        await served.home.say("The secret word is rhubarb.", voice="ada")
        async with asyncio.timeout(10):
            while b"computed 5 of 5 chunks" not in await following.stdout.readline():
                pass
        following.send_signal(signal.SIGINT)
        await following.wait()
    kept = await asyncio.to_thread(shell.run, "engines", "logs", "scripted")
    assert "INFO    scripted: is ready (process " in kept.stdout
    assert "rhubarb" not in kept.stdout
    assert stat.S_IMODE((await asyncio.to_thread((installed / "log").stat)).st_mode) == 0o600
    last = await asyncio.to_thread(shell.run, "engines", "logs", "scripted", "-n", "1")
    assert len(last.stdout.splitlines()) == 1


def test_an_engine_without_a_process_has_no_log_of_its_own(shell: Shell) -> None:
    told = shell.run("engines", "logs", "espeak")
    assert told.stderr == "error: espeak: speaks inside the server — see the server's own log\n"


async def test_what_is_installed_or_removed_meanwhile_is_noticed(shell: Shell) -> None:
    async with serving(shell) as served:
        assert (await ask(shell)).state == "not installed"
        home = await asyncio.to_thread(hosted.install_engine, shell.folder / "data")
        await served.logged("scripted: is installed now")
        met = await until(shell, lambda one: one.voices > 0)
        heard = await served.home.say("one two three", voice="ada")
        assert heard.seconds == pytest.approx(0.3, abs=0.02)
        await asyncio.to_thread((home / "installed.json").unlink)
        await served.logged("scripted: was removed, or is being made anew")
        gone = await ask(shell)
        assert (gone.state, gone.voices) == ("not installed", 0)
        assert not psutil.pid_exists(met.pid or 0)


@pytest.mark.usefixtures("installed")
async def test_a_worker_that_froze_is_killed_when_it_is_stopped(shell: Shell) -> None:
    async with talking(shell):
        pid = (await ask(shell)).pid
        assert pid
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        assert (await ask(shell, Request("stop", hosted.NAME))).state == "stopped"
        assert time.monotonic() - began < 10
        assert not psutil.pid_exists(pid)
