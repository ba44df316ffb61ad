"""What is wrong with settings, and how people are told."""

from pathlib import Path

import pytest
from settings_read import BOX, mistakes, nobodys_home, read

from wyoming_voiceclone.config import read_settings
from wyoming_voiceclone.errors import ConfigError

__all__ = ["nobodys_home"]  # a fixture: pytest looks for it by its name

pytestmark = pytest.mark.usefixtures("nobodys_home")


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
