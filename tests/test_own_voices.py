"""A recording dropped into voices/ is a voice for Home Assistant, by itself."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from programs import install, other_engines
from recordings import encoded, tone

from wyoming_voiceclone.app import App, open_app, open_server
from wyoming_voiceclone.config import Settings, read_settings
from wyoming_voiceclone.synthesis import learning
from wyoming_voiceclone.synthesis.cloned import wanted_state
from wyoming_voiceclone.testing.home_assistant import HomeAssistant

ENGINE = """
from wyoming_voiceclone.backends import Engine, EngineSettings
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.testing.scripted_engine import DECLARED

class Settings(EngineSettings):
    enroll_s: float = 0.0

ENGINE = Engine(
    "mimic",
    Settings,
    lambda settings, folders: ScriptedCloner("mimic", enroll_s=settings.enroll_s),
    DECLARED,
)
"""
CONFIG = """
roles.alarm = "oma"
discovery.enabled = false
server.uris = ["tcp://127.0.0.1:0"]
speech.default_voice = "espeak-en-us"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, "mimic", ENGINE)
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setattr(learning, "WATCH_S", 0.05)
    folders = [f'folders.{name} = "{tmp_path / name}"' for name in ("data", "voices", "cache")]
    file = tmp_path / "config.toml"
    off = [f"engines.{name}.enabled = false" for name in other_engines("espeak", "mimic")]
    file.write_text("\n".join([CONFIG, *folders, *off]))
    return file


@asynccontextmanager
async def running(file: Path, **more: str) -> AsyncIterator[tuple[App, HomeAssistant]]:
    ours = {f"WYOMING_VOICECLONE_{name}": value for name, value in more.items()}
    settings: Settings = await asyncio.to_thread(read_settings, file=file, environment=ours)
    async with open_app(settings) as app, open_server(app, settings) as server:
        yield app, HomeAssistant(server.addresses[0])


def drop(path: Path, hz: float = 300) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encoded(tone(2, 48_000, hz), 48_000, container="webm", codec="libopus"))
    os.utime(path, (time.time() - 9,) * 2)


async def names(home: HomeAssistant) -> list[str]:
    return [voice.name for voice in (await home.info()).tts[0].voices]


async def test_a_dropped_recording_is_described_and_speaks(file: Path) -> None:
    async with running(file) as (app, home):
        assert "oma" not in await names(home)
        drop(file.parent / "voices/oma.webm")
        await asyncio.sleep(0.5)
        assert (await names(home))[1:3] == ["oma", "oma|de"]
        for voice in "oma", "alarm", "Oma|de":
            assert (await home.say("Dinner is ready.", voice=voice)).rates == [22_050]
        assert (await app.cloning.speakers.stats()).misses == 1


async def test_while_a_voice_is_learnt_espeak_speaks_in_time(file: Path) -> None:
    drop(file.parent / "voices/oma.webm")
    async with running(file, ENGINES__MIMIC__ENROLL_S="60", CLONING__PATIENCE_S="0.1") as (
        app,
        home,
    ):
        began = time.monotonic()
        heard = await home.say("Dinner is ready.", voice="oma")
        assert heard.seconds > 0.5
        assert time.monotonic() - began < 5
        (lesson,) = learning.lessons(app.cloning)
        assert app.cloning.speakers.share(wanted_state(*lesson).key) is not None


async def test_a_person_may_be_the_default_voice(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop(file.parent / "voices/oma.webm")
    async with running(file, SPEECH__DEFAULT_VOICE="alarm") as (_, home):
        assert (await names(home))[0] == "oma"
        await home.say("Dinner is ready.")
    assert not [message for message in caplog.messages if "not here" in message]


async def test_voices_are_only_learnt_when_asked_for_if_that_is_wished(file: Path) -> None:
    drop(file.parent / "voices/oma.webm")
    async with running(file, CLONING__LEARN_AHEAD="false") as (app, home):
        await asyncio.sleep(0.3)
        assert (await app.cloning.speakers.stats()).misses == 0
        await home.say("Dinner is ready.", voice="oma")
        assert (await app.cloning.speakers.stats()).misses == 1
