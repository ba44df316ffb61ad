"""`voices add|show|rename|remove|warm` and `cache`, with an engine that clones."""

import json
import os
import time
from pathlib import Path

import pytest
from programs import Shell, install, other_engines
from recordings import encoded, tone

from wyoming_voiceclone.commands.voice_card import Card

ENGINE = """
from wyoming_voiceclone.backends import Engine, EngineSettings
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.errors import CannotClone
from wyoming_voiceclone.testing.scripted_engine import DECLARED

class Settings(EngineSettings):
    fault: str = ""

def make(settings, folders):
    fault = CannotClone(settings.fault) if settings.fault else None
    return ScriptedCloner("mimic", fault=fault)

ENGINE = Engine("mimic", Settings, make, DECLARED)
"""
MEMO = encoded(tone(3, 44_100), 44_100, container="ipod", codec="aac", gains=(1.0, 1.0))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path / "home")
    shell.folder.mkdir()
    (shell.folder / "memo.m4a").write_bytes(MEMO)
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, "mimic", ENGINE)
    shell.environment["PYTHONPATH"] = str(packages)
    for name in other_engines("espeak", "mimic"):
        shell.environment[f"WYOMING_VOICECLONE_ENGINES__{name.upper()}__ENABLED"] = "false"
    return shell


def voices(shell: Shell) -> Path:
    return shell.folder / ".local/share/wyoming-voiceclone/voices"


def states(shell: Shell) -> list[Path]:
    return list((shell.folder / ".cache/wyoming-voiceclone/speakers").glob("*.safetensors"))


def added(shell: Shell, *options: str) -> None:
    done = shell.run("voices", "add", "Oma", "memo.m4a", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Oma is in {voices(shell)}/Oma: 3.0 s of speech\n"


def test_a_recording_becomes_a_voice_that_is_listed_first_and_speaks(shell: Shell) -> None:
    added(shell, "--language", "de", "--language", "en", "--alias", "grandma")
    listed = json.loads(shell.run("voices", "list", "--here", "--json").stdout)
    first = [listed[0][key] for key in ("name", "language", "description")]
    assert first == ["Oma", "de", "your own, also in en"]
    done = shell.run("say", "Hello there.", "--voice", "grandma", "-o", "said.wav")
    assert done.returncode == 0, done.stderr
    assert (shell.folder / "said.wav").exists()
    assert "instead" not in done.stderr
    assert len(states(shell)) == 1, "what was learnt is kept"


def test_a_voice_is_shown_renamed_and_removed_with_all_that_was_learnt(shell: Shell) -> None:
    added(shell, "--text", "Mein lieber Junge.", "--engine", "mimic", "--fallback", "espeak-de")
    card = json.loads(shell.run("voices", "show", "oma", "--json").stdout)
    assert (
        card
        | {
            "name": "Oma",
            "transcript": "Mein lieber Junge.",
            "offered": {"Oma": "en", "Oma|de": "de"},
            "engines": {"mimic": False},
            "fallback": "espeak-de",
        }
        == card
    )
    assert shell.run("voices", "warm", "oma").stdout == "1 of 1 learnt\n"
    assert "spoken by: mimic (learnt)" in shell.run("voices", "show", "oma").stdout
    assert shell.run("voices", "rename", "oma", "Hilde").returncode == 0
    assert "spoken by: mimic (learnt)" in shell.run("voices", "show", "Hilde").stdout
    done = shell.run("voices", "remove", "Hilde")
    assert done.stdout == f"removed {voices(shell)}/Hilde\n", done.stderr
    assert list(voices(shell).iterdir()) == []
    assert states(shell) == []


def test_a_voice_with_a_mistake_in_its_file_says_so_whatever_it_is_asked(shell: Shell) -> None:
    added(shell)
    (voices(shell) / "Oma/voice.toml").write_text('fallbak = ["en"]')
    os.utime(voices(shell) / "Oma/voice.toml", (time.time() - 9,) * 2)
    for command in "voices show oma", "voices warm Oma", "voices remove Oma", "say x --voice oma":
        done = (
            shell.run(*command.split(), "-o", "x.wav")
            if "say" in command
            else shell.run(*command.split())
        )
        assert done.returncode == 1
        assert 'Oma/voice.toml: fallbak: unknown key — did you mean "fallback"' in done.stderr
        assert "left out: " in done.stderr
    assert (voices(shell) / "Oma").exists()


def test_a_voice_that_only_an_unknown_engine_may_speak_as_says_so(shell: Shell) -> None:
    added(shell)
    about = 'languages = ["en"]\nengines = ["mimik"]\naliases = ["granny"]'
    (voices(shell) / "Oma/voice.toml").write_text(about)
    os.utime(voices(shell) / "Oma/voice.toml", (time.time() - 9,) * 2)
    done = shell.run("say", "Hello.", "--voice", "granny", "-o", "x.wav")
    assert done.returncode == 1
    assert "error: Oma: nobody here can speak as it — install mimik" in done.stderr
    rows = json.loads(shell.run("voices", "list", "--here", "--json").stdout)
    assert [row["name"] for row in rows].count("Oma") == 1


def test_a_card_names_only_the_first_of_many_languages() -> None:
    offered = {f"ada|{number}": f"x{number}" for number in range(100)}
    card = Card("ada", "ada.wav", 3.0, "", offered, {}, None, (), 1.0)
    assert "ada|7 (x7) and in 92 more languages" in "\n".join(card.lines())


def test_the_caches_are_told_filled_and_emptied(shell: Shell) -> None:
    added(shell)
    (voices(shell) / "ada.m4a").write_bytes(MEMO)
    os.utime(voices(shell) / "ada.m4a", (time.time() - 9,) * 2)
    assert shell.run("cache", "preload").stdout == "2 of 2 learnt\n"
    stats = json.loads(shell.run("cache", "stats", "--json").stdout)
    assert (stats["phrases"]["entries"], stats["speakers"]["entries"]) == (0, 2)
    assert stats["seconds"].keys() == {"Oma", "ada"}
    assert stats["speakers"]["bytes"] == sum(path.stat().st_size for path in states(shell))
    assert "2 speaker states, 0.0 of 1000 MB in " in shell.run("cache", "stats").stdout
    assert shell.run("cache", "clear", "phrases").stdout == "0 phrases forgotten\n"
    assert len(states(shell)) == 2
    assert "2 speaker states forgotten\n" in shell.run("cache", "clear").stdout
    assert states(shell) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "../x", "memo.m4a"], "/ in the name — use letters"),
        (["add", "x", "nobody.wav"], "nobody.wav: cannot be read"),
        (["add", "x", "notes.wav"], "notes.wav: not a recording that can be decoded"),
        (["add", "x", "memo.m4a", "--engine", "mimc"], "no such engine here — have"),
        (["add", "x", "memo.m4a", "--language", "Deutsch!"], 'languages: "Deutsch!" — should be'),
        (["show", "x"], "x: no voice of your own is called that — `voices add` makes"),
        (["rename", "x", "y"], "x: no voice of your own"),
        (["warm", "x"], "x: no voice of your own"),
        (["remove", "x"], "x: no such voice here"),
    ],
)
def test_a_mistake_is_one_line(shell: Shell, arguments: list[str], told: str) -> None:
    (shell.folder / "notes.wav").write_text("Buy milk.")
    done = shell.run("voices", *arguments)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert told in line
    assert not voices(shell).exists() or not list(voices(shell).iterdir())


def test_an_engine_that_cannot_learn_a_voice_says_why(shell: Shell) -> None:
    added(shell)
    shell.environment["WYOMING_VOICECLONE_ENGINES__MIMIC__FAULT"] = "its encoder is not public"
    done = shell.run("voices", "warm")
    assert done.returncode == 1
    assert done.stdout == "0 of 1 learnt\n"
    assert "error: Oma by mimic: its encoder is not public" in done.stderr.splitlines()


def test_a_voice_that_nobody_can_speak_as_is_listed_with_the_reason(shell: Shell) -> None:
    added(shell)
    shell.environment["WYOMING_VOICECLONE_ENGINES__MIMIC__ENABLED"] = "false"
    row = json.loads(shell.run("voices", "list", "--here", "--json").stdout)[0]
    assert row["name"] == "Oma"
    assert "nobody here can speak as it" in row["description"]
