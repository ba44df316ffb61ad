"""The command line as a person uses it: real processes, espeak as the engine."""

import json
import os
import re
import signal
import subprocess
import time
import tomllib
import wave
from io import BytesIO
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


def test_an_interrupt_while_it_starts_leaves_no_traceback(shell: Shell) -> None:
    (shell.folder / "slow").mkdir()
    slow = "import time\nopen('importing', 'w').close()\ntime.sleep(30)\n"
    (shell.folder / "slow/typer.py").write_text(slow, "utf-8")
    root = str(Path(__file__).parents[1])
    shell.environment["PYTHONPATH"] = os.pathsep.join([str(shell.folder / "slow"), root])
    with subprocess.Popen(  # noqa: S603 -- our own program
        shell.command("doctor"),
        cwd=shell.folder,
        env=shell.environment,
        stderr=subprocess.PIPE,
    ) as process:
        while not (shell.folder / "importing").exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=5)
    assert (process.returncode, told) == (130, b"")


def test_config_prints_every_setting_and_mine_those_in_effect(shell: Shell) -> None:
    assert "#port = 10200\n" in shell.run("config").stdout
    shell.environment["WYOMING_VOICECLONE_SERVER__PORT"] = "7"
    mine = tomllib.loads(shell.run("config", "--mine").stdout)
    assert mine["server"]["port"] == 7


def test_a_config_file_is_written_where_there_is_none(shell: Shell) -> None:
    place = shell.folder / ".config/wyoming-voiceclone/config.toml"
    assert shell.run("config", "--write").stdout == f"every setting is in {place}\n"
    assert place.read_text("utf-8") == shell.run("config").stdout
    assert "WARNING" not in shell.run("say", "Hello.", "-o", "x.wav").stderr, "none asked for"
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
    hint, spoken = done.stderr.splitlines()
    assert hint.startswith("de_DE-thorsten-high is not here, espeak-de speaks")
    assert hint.endswith(" — wyoming-voiceclone voices download de_DE-thorsten-high")
    assert spoken.startswith("hello.wav: ")


def test_a_role_of_nobody_is_told_with_the_voice_that_is_missing(shell: Shell) -> None:
    (shell.folder / "config.toml").write_text('[roles]\nnews = "espeak-en-gv"', "utf-8")
    done = shell.run("say", "x", "-o", "x.wav", "--voice", "news", "--config", "config.toml")
    missing = "espeak-en-gv: no such voice here — did you mean espeak-en-gb?"
    assert done.stderr == f"error: news is espeak-en-gv in [roles]; {missing}\n"


@pytest.mark.parametrize(
    ("voice", "meant"),
    [
        ("espeak-en-gv", "did you mean espeak-en-gb?"),
        ("Espeak-En-Gb#x", "did you mean espeak-en-gb?"),
        ("wecker", "did you mean Weckerton?"),
        ("qqqqqq", "`voices list` shows those there are"),
    ],
)
def test_a_misspelled_voice_is_an_error_and_nobody_else_speaks(
    voice: str, meant: str, shell: Shell
) -> None:
    (shell.folder / "config.toml").write_text('[roles]\nWeckerton = "espeak-de"', "utf-8")
    common = "--voice", voice, "--config", "config.toml"
    for command in ("say", "Hello.", "-o", "hello.wav"), ("cache", "warm", "-"):
        done = shell.run(*command, *common, stdin="Hello.")
        assert done.returncode == 1
        assert done.stderr == f"error: {voice}: no such voice here — {meant}\n"
    assert not (shell.folder / "hello.wav").exists()
    assert shell.run("cache", "stats").stdout.startswith("0 phrases")


def test_a_misspelled_speaker_is_told_the_nearest_one(shell: Shell) -> None:
    shell.environment["WYOMING_VOICECLONE_ENGINES__PIPER__ENABLED"] = "true"
    voice = "en_US-duo-low"
    folder = Path(__file__).parent / "fixtures/voices"
    (shell.folder / "own").mkdir()
    for suffix in "onnx", "onnx.json":
        content = (folder / f"random-tiny-multi.{suffix}").read_bytes()
        (shell.folder / f"own/{voice}.{suffix}").write_bytes(content)
    listed = shell.run("voices", "list", "duo", "--json", "--voices-dir", "own").stdout
    assert voice in listed
    options = "--voice", f"{voice}#zz", "--voices-dir", "own", "-o", "hello.wav"
    done = shell.run("say", "Hello.", *options)
    assert done.returncode == 1
    assert f"error: {voice}#zz: no such voice here — did you mean {voice}" in done.stderr


def test_phrases_are_not_warmed_in_another_voice(shell: Shell) -> None:
    done = shell.run("cache", "warm", "-", "--voice", "de_DE-thorsten-high", stdin="Hallo.")
    assert done.returncode == 1
    assert done.stderr.endswith("wyoming-voiceclone voices download de_DE-thorsten-high\n")
    assert shell.run("cache", "stats").stdout.startswith("0 phrases")


@pytest.mark.parametrize("text", ["", "…", "-"])
def test_nothing_to_say_is_an_error_and_leaves_no_file(text: str, shell: Shell) -> None:
    done = shell.run("say", text, "-o", "hello.wav")
    assert done.returncode == 1
    assert done.stderr.startswith("error: nothing to say")
    assert not (shell.folder / "hello.wav").exists()


@pytest.mark.parametrize(
    ("words", "hint"), [(["two", "words"], 'say "two words"'), (["-5 degrees"], 'say -- "-5 deg')]
)
def test_a_text_taken_apart_is_told_how_to_be_written(
    words: list[str], hint: str, shell: Shell
) -> None:
    done = shell.run("say", *words)
    assert done.returncode == 2
    assert hint in done.stderr


def test_say_writes_wav_to_standard_output_and_its_length_into_a_file(shell: Shell) -> None:
    command = shell.command("say", "-o", "-", "--", "-5 degrees")
    piped = subprocess.run(  # noqa: S603 -- our own program
        command, cwd=shell.folder, env=shell.environment, capture_output=True, check=True
    ).stdout
    samples, rate = soundfile.read(BytesIO(piped))
    assert 0.5 < len(samples) / rate < 3
    with (shell.folder / "five.wav").open("wb") as file:
        subprocess.run(command, env=shell.environment, stdout=file, check=True)  # noqa: S603
    with wave.open(str(shell.folder / "five.wav")) as whole:  # believes what the header says
        assert whole.getnframes() == len(samples)
    assert piped[44:] == (shell.folder / "five.wav").read_bytes()[44:]


def test_say_reads_standard_input_and_speaks_faster_on_demand(shell: Shell) -> None:
    for name, speed in ("slow.flac", "1"), ("fast.flac", "2"):
        done = shell.run("say", "-", "--speed", speed, "-o", name, stdin="One. Two. Drei, vier.")
        assert done.returncode == 0, done.stderr
    slow, fast = (soundfile.info(shell.folder / f"{name}.flac") for name in ("slow", "fast"))
    assert fast.duration < 0.75 * slow.duration


def test_say_into_a_folder_that_is_missing_says_so(shell: Shell) -> None:
    done = shell.run("say", "Hello.", "-o", "none/hello.wav")
    assert done.returncode == 1
    assert done.stderr.startswith("error: none/hello.wav: there is no folder none — ")
    assert len(done.stderr.splitlines()) == 1


def test_say_without_a_file_speaks_or_says_what_is_missing(shell: Shell) -> None:
    done = shell.run("say", "Hello.")
    assert done.returncode == 0 or "-o speech.wav" in done.stderr


def test_phrases_are_warmed_counted_and_cleared(shell: Shell) -> None:
    phrases = "# doors\nThe door is open.\n\nThe door is closed.\n"
    done = shell.run("cache", "warm", "-", stdin=phrases)
    assert (done.stdout, done.stderr) == ("2 of 2 phrases spoken and kept\n", "")
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
