import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.engine import (
    Engine,
    EngineSettings,
    Folders,
    installed_engines,
)
from wyoming_voiceclone.config import Settings, config_toml, read_settings, settings_type
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.tables.schema import Schema


class BoxSettings(EngineSettings):
    """A music box."""

    tempo: int = 120
    """Beats per minute."""
    tune: str | None = None
    """What it plays."""


def _make(settings: BoxSettings, folders: Folders) -> Backend:
    raise NotImplementedError


BOX = {"box": Engine("box", BoxSettings, _make)}


def read(
    toml: str = "",
    flags: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    file = None
    if folder is not None:
        file = folder / "config.toml"
        file.write_text(toml, "utf-8")
    return read_settings(flags, file, environment=environment or {"_": ""}, engines=BOX)


def mistakes(toml: str, folder: Path, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(toml, environment=environment, folder=folder)
    return str(caught.value).replace(f"{folder}{os.sep}", "").splitlines()


@pytest.fixture(autouse=True)
def _nobodys_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith(("XDG_", "WYOMING_VOICECLONE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_without_any_source_everything_is_at_its_default() -> None:
    settings = read()
    assert settings.server.addresses() == ("tcp://[::]:10200",)
    assert settings.engine("box") == BoxSettings(tempo=120)


def test_a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(
    tmp_path: Path,
) -> None:
    toml = "[server]\nport = 1\nhost = 'a'\ngrace_s = 1"
    environment = {
        "WYOMING_VOICECLONE_SERVER__PORT": "2",
        "WYOMING_VOICECLONE_SERVER__HOST": "b",
    }
    server = read(toml, {"server": {"port": 3, "host": None}}, environment, tmp_path).server
    assert (server.port, server.host, server.grace_s) == (3, "b", 1.0)


def test_the_environment_sets_lists_and_settings_of_engines() -> None:
    settings = read(
        environment={
            "WYOMING_VOICECLONE_ROUTER__ORDER": "espeak, box",
            "WYOMING_VOICECLONE_SERVER__URIS": '["unix:///run/voice.sock"]',
            "WYOMING_VOICECLONE_ENGINES__BOX__TEMPO": "90",
        }
    )
    assert settings.router.order == ("espeak", "box")
    assert settings.server.addresses() == ("unix:///run/voice.sock",)
    assert settings.engine("box") == BoxSettings(tempo=90)


def test_variables_that_kubernetes_sets_for_a_service_of_our_name_are_not_settings() -> None:
    environment = {
        "WYOMING_VOICECLONE_PORT": "tcp://10.0.0.1:10200",
        "WYOMING_VOICECLONE_SERVICE_HOST": "10.0.0.1",
        "WYOMING_VOICECLONE_SERVICE_PORT": "10200",
        "WYOMING_VOICECLONE_SERVICE_PORT_WYOMING": "10200",
        "WYOMING_VOICECLONE_PORT_10200_TCP": "tcp://10.0.0.1:10200",
        "WYOMING_VOICECLONE_PORT_10200_TCP_PORT": "10200",
        "WYOMING_VOICECLONE_NAME": "/web/voiceclone",
    }
    assert read(environment=environment).model_dump() == read().model_dump()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PORT", "SERVER__PORT"),
        ("SERVER_PORT", "SERVER__PORT"),
        ("LOG_LEVEL", "LOG__LEVEL"),
        ("DEFAULT_VOICE", "SPEECH__DEFAULT_VOICE"),
        ("ENGINES_BOX_TEMPO", "ENGINES__BOX__TEMPO"),
    ],
)
def test_a_variable_without_two_underscores_is_told_the_setting_it_was_meant_for(
    name: str, meant: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(environment={f"WYOMING_VOICECLONE_{name}": "7"})
    told = f"WYOMING_VOICECLONE_{name}: unknown setting — did you mean WYOMING_VOICECLONE_{meant}?"
    assert str(caught.value) == told


def test_what_a_flag_overrules_is_checked_all_the_same(tmp_path: Path) -> None:
    environment = {"WYOMING_VOICECLONE_SERVER__PORT": "many"}
    flags = {"server": {"port": 7}}
    with pytest.raises(ConfigError) as caught:
        read("[server]\nport = -1", flags, environment, tmp_path)
    assert str(caught.value).splitlines() == [
        'WYOMING_VOICECLONE_SERVER__PORT: "many" — should be a valid integer',
        f"{tmp_path}/config.toml: [server] port: -1 — should be from 0 to 65535",
    ]


def test_a_file_takes_whole_numbers_for_others_lists_and_folders(tmp_path: Path) -> None:
    toml = "[server]\ngrace_s = 3\nuris = ['unix:///a']\n[folders]\ndata = '/data'"
    toml += "\n[server.limits]\nidle_s = 9\n[engines.box]\ntempo = 7"
    settings = read(toml, folder=tmp_path)
    assert settings.server.grace_s == 3.0
    assert settings.server.limits.idle_s == 9.0
    assert settings.server.addresses() == ("unix:///a",)
    assert settings.folders.data == Path("/data")


def test_a_folder_where_the_file_should_be_is_an_error(tmp_path: Path) -> None:
    place = tmp_path / "home/.config/wyoming-voiceclone/config.toml"
    place.mkdir(parents=True)
    with pytest.raises(ConfigError, match="Is a directory"):
        read()


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[server]\nprot = 1", 'config.toml: [server] prot: unknown key — did you mean "port"?'),
        ("[servr]\nport = 1", "config.toml: [servr]: unknown table — did you mean [server]?"),
        (
            "[server]\nlanguage = 'x'",
            "config.toml: [server] language: unknown key — did you mean [speech] language?",
        ),
        (
            "[engines.box]\ntemppo = 1",
            'config.toml: [engines.box] temppo: unknown key — did you mean "tempo"?',
        ),
        (
            "[engines.bax]\ntempo = 1",
            'config.toml: [engines] bax: unknown key — did you mean "box"?',
        ),
        (
            "[discovery]\nxyzzy = 1",
            "config.toml: [discovery] xyzzy: unknown key — there are enabled, name",
        ),
        (
            "[voices.ada]\nsped = 1",
            'config.toml: [voices.ada] sped: unknown key — did you mean "speed"?',
        ),
        ("[server]\nport = 99999", "config.toml: [server] port: 99999 — should be from 0 to 65535"),
        (
            "[server]\nport = 'high'",
            'config.toml: [server] port: "high" — should be a valid integer',
        ),
        ("[speech]\nspeed = true", "config.toml: [speech] speed: true — should be a valid number"),
        ("[server]\nport = true", "config.toml: [server] port: true — should be a valid integer"),
        (
            "[server]\nport = '10205'",
            'config.toml: [server] port: "10205" — should be a valid integer',
        ),
        (
            "[discovery]\nenabled = 'yes'",
            'config.toml: [discovery] enabled: "yes" — should be a valid boolean',
        ),
        (
            "[router]\norder = 'box'",
            'config.toml: [router] order: "box" — should be a list',
        ),
        ("server = 3", "config.toml: [server]: 3 — should be a table"),
        ("[router]\norder = ['bxo']", 'config.toml: [router] order: "bxo" — did you mean "box"?'),
        (
            "[log]\nlevel = 'loud'",
            'config.toml: [log] level: "loud" — should be "debug", "info", "warning" or "error"',
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_its_remedy(
    toml: str, sentence: str, tmp_path: Path
) -> None:
    assert mistakes(toml, tmp_path) == [sentence]


def test_all_mistakes_of_all_sources_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(
        "[server]\nport = -1\n[phrases]\nlimit = 3",
        tmp_path,
        {"WYOMING_VOICECLONE_LOG__LEVLE": "debug"},
    )
    assert sorted(told) == [
        "WYOMING_VOICECLONE_LOG__LEVLE: unknown key — did you mean WYOMING_VOICECLONE_LOG__LEVEL?",
        'config.toml: [phrases] limit: unknown key — did you mean "limit_mb"?',
        "config.toml: [server] port: -1 — should be from 0 to 65535",
    ]


def test_a_file_that_is_no_toml_is_told_with_the_line(tmp_path: Path) -> None:
    (told,) = mistakes("[server\n", tmp_path)
    assert told.startswith("config.toml: not valid TOML: ")
    assert "line 1" in told


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_settings(file=tmp_path / "none.toml", environment={}, engines=BOX)


def test_a_list_that_is_no_list_is_told_with_its_variable() -> None:
    with pytest.raises(ConfigError, match="WYOMING_VOICECLONE_SERVER__URIS: "):
        read(environment={"WYOMING_VOICECLONE_SERVER__URIS": "[unix:///a"})


def test_the_file_of_the_user_is_found_without_being_named(tmp_path: Path) -> None:
    file = tmp_path / "home/.config/wyoming-voiceclone/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[server]\nport = 7", "utf-8")
    assert read().server.port == 7


def test_folders_may_begin_with_a_tilde(tmp_path: Path) -> None:
    settings = read('[folders]\ndata = "~/things"', folder=tmp_path)
    assert settings.folders.data == tmp_path / "home/things"


def test_the_template_uncommented_is_every_default(tmp_path: Path) -> None:
    defaults = read()
    template = config_toml(defaults)
    live = "\n".join(
        line.removeprefix("#")
        for line in template.splitlines()
        if not line.startswith("# ") and not line.endswith(" =")
    )
    assert read(live, folder=tmp_path).model_dump() == defaults.model_dump()
    assert tomllib.loads(template)["server"] == {"limits": {}}


def test_every_setting_is_explained() -> None:
    schema = Schema.of(settings_type(installed_engines()))
    for path in schema.paths():
        _, setting = schema.follow(path)
        # a limit's name says what it limits, and in which unit
        assert setting.description or setting.keys or path[:2] == ("server", "limits"), path


@given(
    port=st.integers(0, 65535),
    name=st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    silence_s=st.floats(0, 60),
    voices=st.dictionaries(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1),
        st.fixed_dictionaries({"speed": st.none() | st.floats(0.25, 4)}),
        max_size=3,
    ),
)
def test_settings_in_effect_written_as_toml_are_read_back_the_same(
    port: int, name: str, silence_s: float, voices: dict[str, Any]
) -> None:
    settings = settings_type(BOX).model_validate(
        {
            "server": {"port": port},
            "discovery": {"name": name},
            "speech": {"lead_silence_s": silence_s},
            "voices": voices,
        }
    )
    written = tomllib.loads(config_toml(settings, commented=False))
    assert type(settings).model_validate(written) == settings
