"""Own voices, spoken by an engine in a process of its own, and by Match when that fails."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hosted
import pytest
from people import drop
from programs import Shell
from served import Served, serving

from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.config import config_toml, settings_type
from wyoming_voiceclone.servers.control import Control, EngineStatus, Request

SPOKEN = (
    "The old boat lay on the beach for many years. Every morning a man came by with his dog, "
    "looked at the sea, and went home again. Nobody ever asked him why."
)
SENTENCE = "one two three four five six seven eight nine ten"


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "packages"
    hosted.declare(folder)
    yield folder
    hosted.forget(folder)


@pytest.fixture
def shell(tmp_path: Path, packages: Path) -> Shell:
    shell = hosted.hosting_shell(tmp_path, packages)
    scripted(shell, rate=16_000)
    return shell


@pytest.fixture
def home(shell: Shell) -> Path:
    return hosted.install_engine(shell.folder / "data")


@pytest.fixture
def grandpa(shell: Shell, recording: Path) -> None:
    (shell.folder / "voices").mkdir()
    shutil.copy(recording, shell.folder / "voices/grandpa.wav")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech, which Match wants to hear; espeak's will do."""
    shell = Shell(tmp_path_factory.mktemp("recording"))
    spoken = shell.run("say", SPOKEN, "--voice", "espeak-en-us", "-o", "grandpa.wav")
    assert spoken.returncode == 0, spoken.stderr
    return shell.folder / "grandpa.wav"


def scripted(shell: Shell, **settings: object) -> None:
    for key, value in settings.items():
        shell.environment[f"WYOMING_VOICECLONE_ENGINES__SCRIPTED__{key.upper()}"] = str(value)


async def ask(shell: Shell, request: Request | None = None) -> dict[str, EngineStatus]:
    answer = await Control(shell.folder / "data").ask(request or Request("status"), 20)
    return {one.name: one for one in answer}


async def until(shell: Shell, name: str, wanted: Callable[[EngineStatus], bool]) -> EngineStatus:
    async with asyncio.timeout(25):
        while not wanted(now := (await ask(shell))[name]):  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.05)
    return now


async def learnt(shell: Shell) -> None:
    for name in "scripted", "match":
        await until(shell, name, lambda one: one.learnt == 1)


async def logged(served: Served, *, within_s: float = 3) -> str:
    """Everything so far: the server ends."""
    served.process.terminate()
    await served.ended(within_s + 5)
    return "\n".join(served.log)


@pytest.mark.usefixtures("home", "grandpa")
async def test_when_the_worker_is_killed_in_a_sentence_match_says_it_as_the_same_person(
    shell: Shell,
) -> None:
    scripted(shell, chunk_s=0.2)
    async with serving(shell) as served:
        await learnt(shell)
        saying = asyncio.create_task(served.home.say(SENTENCE, voice="grandpa"))
        busy = await until(shell, "scripted", lambda one: one.state == "busy")
        os.kill(busy.pid or 0, signal.SIGKILL)
        heard = await saying
        back = await until(shell, "scripted", lambda one: one.state == "ready")
        assert back.crashes == 1
        again = await served.home.say("one two three", voice="grandpa")
        log = await logged(served)
    assert (heard.error, heard.rates) == (None, [16_000])
    assert heard.seconds > 1.5, "spoken words are longer than ten tones"
    assert again.seconds == pytest.approx(0.3, abs=0.02)
    assert "scripted: broke off inside a sentence" in log
    assert "speaks instead" not in log, "nobody else was heard"


@pytest.mark.usefixtures("grandpa")
async def test_while_its_worker_takes_long_to_start_match_speaks(shell: Shell, home: Path) -> None:
    shell.environment["WYOMING_VOICECLONE_CLONING__PATIENCE_S"] = "1"
    async with serving(shell) as served:
        await learnt(shell)
        await ask(shell, Request("stop", "scripted"))
        await asyncio.to_thread(make_slow, home)
        for least_s, most_s in ((0.5, 6.0), (0.0, 5.0)):
            heard = await served.home.say(f"It lasts, {most_s}.", voice="grandpa")
            assert heard.error is None
            assert heard.rates != [16_000]
            assert least_s < (heard.first_audio_s or 0) < most_s
        assert (await ask(shell))["scripted"].state == "starting"
        log = await logged(served)
    assert "speaks instead" not in log, "nobody else was heard"


def make_slow(home: Path) -> None:
    python = home / "venv/bin/python"
    python.unlink()
    python.write_text("#!/bin/sh\nsleep 30\n")
    python.chmod(0o755)


async def test_a_worker_that_has_learnt_everybody_ends_and_is_not_started_for_nothing(
    shell: Shell, home: Path
) -> None:
    drop(shell.folder / "voices", "grandma")
    scripted(shell, worker__idle_s=1)
    async with serving(shell):
        await until(shell, "scripted", lambda one: one.learnt == 1)
        await until(shell, "scripted", lambda one: one.state == "stopped")
        starts = await asyncio.to_thread(starts_in, home)
        drop(shell.folder / "voices", "grandma", toml='description = "In summer"')
        await asyncio.sleep(5)  # two looks at the folder
        assert (await ask(shell))["scripted"].state == "stopped"
    async with serving(shell):
        now = await until(shell, "scripted", lambda one: one.learnt == 1)
        assert (now.state, now.voices) == ("stopped", 1)
    assert starts
    assert await asyncio.to_thread(starts_in, home) == starts


def starts_in(home: Path) -> int:
    return (home / "log").read_text("utf-8").count("scripted: is ready")


@pytest.mark.usefixtures("home")
async def test_a_preloaded_engine_starts_with_the_server(shell: Shell) -> None:
    scripted(shell, worker__preload="true", worker__idle_s=0)
    async with serving(shell):  # once to be met, once to see
        await until(shell, "scripted", lambda one: one.state == "ready")
    async with serving(shell):
        await until(shell, "scripted", lambda one: one.state == "ready")


async def test_what_is_not_installed_is_one_line_and_a_warning_only_to_who_asks_for_it(
    shell: Shell,
) -> None:
    shell.environment.pop("WYOMING_VOICECLONE_ENGINES__SCRIPTED__RATE")
    order = "WYOMING_VOICECLONE_ROUTER__ORDER"
    asked = shell.environment.pop(order)
    async with serving(shell) as served:
        log = await logged(served)
    assert log.count("not installed: scripted — `wyoming-voiceclone engines list`") == 1
    assert "WARNING" not in log
    remedy = "run `wyoming-voiceclone engines install scripted`"
    shell.environment[order] = asked
    drop(shell.folder / "voices", "grandma", toml='engines = ["scripted"]')
    async with serving(shell) as served:
        log = await logged(served)
    assert f"WARNING hosting.engines: scripted: is not installed — {remedy}" in log
    assert f"grandma: no engine called scripted clones here — {remedy}" in log


def test_its_process_has_a_table_of_its_own_in_config_toml(packages: Path) -> None:
    assert packages.exists()
    template = config_toml(settings_type(installed_engines())())
    table = template.partition("[engines.scripted]")[2].partition("\n[engines.x")[0]
    assert "# How it behaves" in template
    for line in ("[engines.scripted.worker]", "#preload = false", "#idle_s = 900.0"):
        assert line in table
    assert "[engines.espeak.worker]" not in template
