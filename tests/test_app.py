"""The whole program in one process, with engines that joined by the door for everybody."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from programs import install, other_engines

from wyoming_voiceclone.app import App, open_app, open_server
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.config import Settings, read_settings
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.testing.home_assistant import HomeAssistant

ENGINE = """
import asyncio
from wyoming_voiceclone.backends import Engine, EngineSettings
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.voices import Voice
from wyoming_voiceclone.testing.scripted_engine import DECLARED

class Settings(EngineSettings):
    rate: int = 16_000

class Slow(ScriptedBackend):
    warmed = ()
    loading = False
    async def warm(self, voices):
        self.warmed, self.loading = tuple(voices), True
        try:
            await asyncio.sleep(3600)
        finally:
            self.loading = False

def make(settings, folders):
    ada = Voice("ada", ("en-US", "en"), revision=str(settings.rate))
    return Slow("tones", voices=[ada], rate=settings.rate)

ENGINE = Engine("tones", Settings, make, DECLARED)
"""
BROKEN = """
from wyoming_voiceclone.backends import Engine, EngineSettings
from wyoming_voiceclone.testing.scripted_engine import DECLARED

def make(settings, folders):
    raise ImportError("libnoise.so.3 is missing")

ENGINE = Engine("broken", EngineSettings, make, DECLARED)
"""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, "tones", ENGINE)
    monkeypatch.syspath_prepend(str(packages))
    settings = {
        **{f"ENGINES__{name.upper()}__ENABLED": "false" for name in other_engines("tones")},
        "DISCOVERY__ENABLED": "false",
        "SERVER__URIS": "tcp://127.0.0.1:0",
        "FOLDERS__DATA": str(tmp_path / "data"),
        "FOLDERS__VOICES": str(tmp_path / "voices"),
        "FOLDERS__CACHE": str(tmp_path / "cache"),
    }
    return {f"WYOMING_VOICECLONE_{name}": value for name, value in settings.items()}


async def read(environment: dict[str, str], file: Path | None = None, **more: str) -> Settings:
    ours = {f"WYOMING_VOICECLONE_{name}": value for name, value in more.items()}
    return await asyncio.to_thread(read_settings, file=file, environment={**environment, **ours})


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[App, WyomingServer, HomeAssistant]]:
    async with open_app(settings) as app, open_server(app, settings) as server:
        yield app, server, HomeAssistant(server.addresses[0])


def tones(app: App) -> ScriptedBackend:
    (backend,) = app.backends
    assert isinstance(backend, ScriptedBackend)
    return backend


async def test_an_engine_of_another_package_speaks_with_its_own_settings(
    environment: dict[str, str],
) -> None:
    async with running(await read(environment, ENGINES__TONES__RATE="8000")) as (_, _, home):
        heard = await home.say("Hello out there.")
    assert heard.rates == [8000]
    assert heard.seconds == pytest.approx(0.3, abs=0.02)


async def test_the_port_answers_while_the_default_voice_is_still_loading(
    environment: dict[str, str],
) -> None:
    async with running(await read(environment, SPEECH__DEFAULT_VOICE="ada")) as (app, _, home):
        assert [voice.name for voice in (await home.info()).tts[0].voices] == ["ada"]
        await asyncio.sleep(0)
        backend = tones(app)
        assert vars(backend) | {"warmed": ("ada",), "loading": True} == vars(backend)
    assert vars(backend)["loading"] is False


async def test_a_default_voice_that_one_engine_has_is_not_asked_of_another(
    environment: dict[str, str],
) -> None:
    settings = await read(
        environment, ENGINES__ESPEAK__ENABLED="true", SPEECH__DEFAULT_VOICE="espeak-de"
    )
    async with running(settings) as (app, _, home):
        assert (await home.info()).tts[0].voices[0].name == "espeak-de"
        backend = next(one for one in app.backends if one.name == "tones")
        assert vars(backend) | {"warmed": (), "loading": True} == vars(backend)


async def test_while_the_default_voice_is_not_here_its_language_is_spoken(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = await read(
        environment,
        ENGINES__ESPEAK__ENABLED="true",
        SPEECH__DEFAULT_VOICE="de_DE-thorsten-medium",
    )
    async with running(settings) as (_, _, home):
        assert (await home.info()).tts[0].voices[0].name == "espeak-de"
    told = [one for one in caplog.messages if "de_DE-thorsten-medium is not here" in one]
    assert told == [
        "the default voice de_DE-thorsten-medium is not here: espeak-de speaks until it is"
    ]


async def test_a_sentence_is_spoken_once_and_replayed_after_a_restart(
    environment: dict[str, str],
) -> None:
    settings = await read(environment)
    async with running(settings) as (app, _, home):
        first = await home.say("The door is open.")
        assert len(tones(app).spoken) == 1
    async with running(settings) as (app, _, home):
        again = await home.say("The door is open.")
        assert not tones(app).spoken
    assert again.seconds == first.seconds


async def test_a_sentence_is_spoken_anew_after_the_engines_settings_changed(
    environment: dict[str, str],
) -> None:
    async with running(await read(environment)) as (_, _, home):
        assert (await home.say("The door is open.")).rates == [16_000]
    async with running(await read(environment, ENGINES__TONES__RATE="8000")) as (_, _, home):
        assert (await home.say("The door is open.")).rates == [8_000]


async def test_a_voices_own_manner_is_heard(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[speech]\nspeed = 0.5\nlead_silence_s = 1.0\n[voices.ada]\nspeed = 2", "utf-8")
    async with running(await read(environment, file)) as (_, _, home):
        heard = await home.say("Hello out there.", voice="ada")
    assert heard.seconds == pytest.approx(1.0 + 0.15, abs=0.02)


async def test_a_lexicon_decides_how_a_name_is_said(
    environment: dict[str, str], tmp_path: Path
) -> None:
    lexicon = tmp_path / "config/wyoming-voiceclone/lexicon.toml"
    lexicon.parent.mkdir(parents=True)
    lexicon.write_text('[all]\nNguyen = "win"', "utf-8")
    async with running(await read(environment)) as (app, _, home):
        await home.say("Nguyen is here.")
        assert tones(app).spoken[0].text == "win is here."


async def test_a_broken_engine_is_one_warning_and_the_others_speak(
    environment: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path / "packages", "broken", BROKEN)
    install(tmp_path / "packages", "worse", "raise RuntimeError('not for this Python')")
    settings = await read(environment)
    with caplog.at_level(logging.WARNING):
        caplog.clear()
        async with running(settings) as (app, _, home):
            assert [backend.name for backend in app.backends] == ["tones"]
            assert (await home.say("Hello.")).seconds > 0
    told = [record.getMessage() for record in caplog.records]
    assert len([one for one in told if "libnoise.so.3 is missing" in one]) == 1
    assert len([one for one in told if "not for this Python" in one]) == 1


async def test_without_any_engine_nothing_is_started(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="no engine works"):
        async with running(await read(environment, ENGINES__TONES__ENABLED="false")):
            pass


async def test_engines_are_preferred_in_the_order_of_the_settings(
    environment: dict[str, str],
) -> None:
    settings = await read(
        environment, ENGINES__ESPEAK__ENABLED="true", ROUTER__ORDER="tones,espeak"
    )
    async with open_app(settings) as app:
        assert [backend.name for backend in app.backends] == ["tones", "espeak"]
    settings = await read(environment, ENGINES__ESPEAK__ENABLED="true", ROUTER__ORDER="espeak")
    async with open_app(settings) as app:
        assert [backend.name for backend in app.backends] == ["espeak", "tones"]


async def test_a_port_in_use_leaves_nothing_running(environment: dict[str, str]) -> None:
    async with running(await read(environment)) as (_, server, _):
        taken = await read(environment, SERVER__URIS=server.addresses[0])
        with pytest.raises(ConfigError, match="in use"):
            async with running(taken):
                pass
