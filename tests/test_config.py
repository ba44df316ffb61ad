"""Where settings come from, and who wins."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_read import BOX, BoxSettings, nobodys_home, read

from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.config import config_toml, settings_type
from wyoming_voiceclone.tables.schema import Schema

__all__ = ["nobodys_home"]  # a fixture: pytest looks for it by its name

pytestmark = pytest.mark.usefixtures("nobodys_home")


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


def test_a_file_takes_whole_numbers_for_others_lists_and_folders(tmp_path: Path) -> None:
    toml = "[server]\ngrace_s = 3\nuris = ['unix:///a']\n[folders]\ndata = '/data'"
    toml += "\n[server.limits]\nidle_s = 9\n[engines.box]\ntempo = 7"
    settings = read(toml, folder=tmp_path)
    assert settings.server.grace_s == 3.0
    assert settings.server.limits.idle_s == 9.0
    assert settings.server.addresses() == ("unix:///a",)
    assert settings.folders.data == Path("/data")


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
