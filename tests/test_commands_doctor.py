"""`doctor`: what it finds, and that it goes on after each find."""

import os
import time
from pathlib import Path

import pytest
from programs import Shell

FIXTURES = Path(__file__).parent / "fixtures/voices"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_mistake_in_the_settings_is_told_and_everything_else_is_looked_at(shell: Shell) -> None:
    (shell.folder / "config.toml").write_text("[server]\nprot = 1", "utf-8")
    done = shell.run("doctor", "--config", "config.toml")
    assert done.returncode == 1
    assert (
        '✗ settings: config.toml: [server] prot: unknown key — did you mean "port"?' in done.stdout
    )
    assert "✓ espeak: " in done.stdout
    assert "reinstall" not in done.stdout
    assert done.stderr == ""


def test_engines_that_nobody_installed_are_one_line_and_no_warning(shell: Shell) -> None:
    lines = shell.run("doctor").stdout.splitlines()
    (line,) = [line for line in lines if "pocket" in line]
    assert line.startswith("· engines: not installed: ")
    assert "xtts" in line


def test_a_broken_lexicon_is_told_with_its_remedy_and_the_engines_still_speak(
    shell: Shell,
) -> None:
    place = shell.folder / ".config/wyoming-voiceclone/lexicon.toml"
    place.parent.mkdir(parents=True)
    place.write_text("[en\n", "utf-8")
    done = shell.run("doctor")
    assert done.returncode == 1
    assert f"✗ lexicon: {place}: " in done.stdout
    assert 'a line reads: "word" = "how to say it"' in done.stdout
    assert "✓ espeak: " in done.stdout
    assert "reinstall" not in done.stdout


def test_a_voice_file_that_cannot_be_loaded_is_named(shell: Shell) -> None:
    shell.environment["WYOMING_VOICECLONE_ENGINES__PIPER__ENABLED"] = "true"
    own = shell.folder / "own"
    own.mkdir()
    damages = ("whole", None, None), ("cut", 3_000, None), ("odd", None, 30), ("empty", 0, None)
    for name, model, config in damages:
        for suffix, length in (".onnx", model), (".onnx.json", config):
            content = (FIXTURES / f"random-tiny{suffix}").read_bytes()
            (own / f"{name}{suffix}").write_bytes(content[:length])
    done = shell.run("doctor", "--voices-dir", str(own))
    ill = [line for line in done.stdout.splitlines() if line[1:].startswith(" voice ")]
    assert done.returncode == 1
    assert len(ill) == 3, done.stdout
    assert ill[0].startswith(f"✗ voice cut: {own}/cut.onnx cannot be loaded (")
    assert ill[1].startswith(f"✗ voice empty: {own}/empty.onnx is no Piper voice: ")
    assert ill[2].startswith(f"✗ voice odd: {own}/odd.onnx.json: is not JSON")
    assert "is not JSON" not in done.stderr, "told once"


def test_a_broken_voice_is_told_where_voices_are_listed_and_nowhere_else(shell: Shell) -> None:
    own = shell.folder / ".local/share/wyoming-voiceclone/voices"
    (own / "ada").mkdir(parents=True)
    (own / "ada/reference.wav").write_text("no sound", "utf-8")
    os.utime(own / "ada/reference.wav", (time.time() - 9,) * 2)  # copied long ago
    assert "voice ada is left out" in shell.run("voices", "list").stderr
    assert "✗ voice ada: " in shell.run("doctor").stdout
    assert "ada" not in shell.run("say", "Hello.", "-o", "hello.wav").stderr


def test_voices_that_only_the_settings_know_are_noted(shell: Shell) -> None:
    toml = '[voices."espeak-en-gv"]\nspeed = 1.2\n[roles]\nalarm = "espeak-de"'
    (shell.folder / "config.toml").write_text(toml, "utf-8")
    done = shell.run("doctor", "--config", "config.toml")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "[roles]" in line]
    assert line.startswith("! [voices] and [roles]: espeak-en-gv: no such voice here")
    assert line.endswith("did you mean espeak-en-gb?")


def test_it_looks_at_the_address_it_is_told(shell: Shell) -> None:
    uri = f"unix://{shell.folder}/voice.sock"
    done = shell.run("doctor", "--uri", uri)
    assert f"! {uri}: free: no server is running" in done.stdout
