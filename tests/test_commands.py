"""The command line as a person uses it: real processes, espeak as the engine."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import soundfile
from programs import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_version_is_told(shell: Shell) -> None:
    done = shell.run("--version")
    assert done.stdout.startswith("wyoming-voiceclone ")
    assert done.returncode == 0


@pytest.mark.parametrize(
    "command", ["serve", "say", "voices", "voices download", "cache", "cache warm", "doctor"]
)
def test_every_command_explains_itself(command: str, shell: Shell) -> None:
    done = shell.run(*command.split(), "--help")
    assert done.returncode == 0
    assert f"wyoming-voiceclone {command}" in done.stdout


def test_an_unknown_flag_is_a_mistake_of_use(shell: Shell) -> None:
    done = shell.run("serve", "--prot", "1")
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_a_mistake_in_the_settings_is_one_line_without_a_traceback(shell: Shell) -> None:
    (shell.folder / "config.toml").write_text("[server]\nprot = 1", "utf-8")
    done = shell.run("serve", "--config", "config.toml")
    assert done.returncode == 1
    assert done.stderr == 'error: config.toml: [server] prot: unknown key — did you mean "port"?\n'


def test_the_traceback_of_an_error_is_shown_at_debug(shell: Shell) -> None:
    done = shell.run("say", "Hello.", "-o", "hello.xyz", "--log-level", "debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("use .wav or .flac\n")


def test_config_prints_every_setting_and_mine_those_in_effect(shell: Shell) -> None:
    assert "#port = 10200\n" in shell.run("config").stdout
    shell.environment["WYOMING_VOICECLONE_SERVER__PORT"] = "7"
    mine = tomllib.loads(shell.run("config", "--mine").stdout)
    assert mine["server"]["port"] == 7


def test_a_config_file_is_written_where_there_is_none(shell: Shell) -> None:
    place = shell.folder / ".config/wyoming-voiceclone/config.toml"
    assert shell.run("config", "--write").stdout == f"every setting is in {place}\n"
    assert place.read_text("utf-8") == shell.run("config").stdout
    place.write_text("# mine\n", "utf-8")
    done = shell.run("config", "--write")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {place}: is there already — ")
    assert place.read_text("utf-8") == "# mine\n"
    assert [*place.parent.iterdir()] == [place]


def test_say_writes_a_file_and_leaves_nothing_else(shell: Shell) -> None:
    done = shell.run("say", "Hello there.", "--voice", "espeak-en-gb", "-o", "hello.wav")
    assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(shell.folder / "hello.wav")
    assert 0.5 < len(samples) / rate < 3
    assert abs(samples).max() > 0.1
    assert re.search(r"^hello.wav: \d\.\d s of speech, the first sound after \d+ ms$", done.stderr)
    assert [*shell.folder.glob("*hello*")] == [shell.folder / "hello.wav"]


def test_say_tells_where_a_voice_that_is_not_here_can_be_had(shell: Shell) -> None:
    done = shell.run("say", "Hello.", "-o", "hello.wav", "--voice", "de_DE-thorsten-high")
    assert done.returncode == 0
    assert "wyoming-voiceclone voices download de_DE-thorsten-high\n" in done.stderr


def test_say_reads_standard_input_and_speaks_faster_on_demand(shell: Shell) -> None:
    for name, speed in ("slow.flac", "1"), ("fast.flac", "2"):
        done = shell.run("say", "-", "--speed", speed, "-o", name, stdin="One. Two. Drei, vier.")
        assert done.returncode == 0, done.stderr
    slow, fast = (soundfile.info(shell.folder / f"{name}.flac") for name in ("slow", "fast"))
    assert fast.duration < 0.75 * slow.duration


def test_say_into_a_folder_that_is_missing_says_so(shell: Shell) -> None:
    done = shell.run("say", "Hello.", "-o", "none/hello.wav")
    assert done.returncode == 1
    assert "error: none/hello.wav: cannot be written (No such file or directory)" in done.stderr


def test_say_without_a_file_speaks_or_says_what_is_missing(shell: Shell) -> None:
    done = shell.run("say", "Hello.")
    assert done.returncode == 0 or "-o speech.wav" in done.stderr


def test_phrases_are_warmed_counted_and_cleared(shell: Shell) -> None:
    phrases = "The door is open.\n\nThe door is closed.\n"
    done = shell.run("cache", "warm", "-", stdin=phrases)
    assert done.stdout == "2 of 2 phrases spoken and kept\n", done.stderr
    assert shell.run("cache", "stats").stdout.startswith("2 phrases, ")
    assert shell.run("cache", "clear").returncode == 0
    assert shell.run("cache", "stats").stdout.startswith("0 phrases, 0.0 of 500 MB in ")


def test_without_any_engine_there_is_one_clear_error(shell: Shell) -> None:
    shell.environment["WYOMING_VOICECLONE_ENGINES__ESPEAK__ENABLED"] = "false"
    done = shell.run("say", "Hello.", "-o", "hello.wav")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no engine works")


def test_the_doctor_finds_a_machine_that_can_speak(shell: Shell) -> None:
    done = shell.run("doctor")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert any(line.startswith("✓ espeak: ") for line in lines)
    assert any(line.startswith("! piper: is switched off") for line in lines)
    assert any("no server is running" in line for line in lines)


def test_the_doctor_exits_with_1_when_something_is_broken(shell: Shell) -> None:
    (shell.folder / "a-file").touch()
    shell.environment["WYOMING_VOICECLONE_FOLDERS__CACHE"] = str(shell.folder / "a-file")
    done = shell.run("doctor")
    assert done.returncode == 1
    assert "✗ cache: " in done.stdout


def test_voices_are_listed_as_json(shell: Shell) -> None:
    done = shell.run("voices", "list", "--json")
    voices = json.loads(done.stdout)
    assert "espeak-en-gb" in {voice["name"] for voice in voices}
