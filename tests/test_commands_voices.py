"""`voices`, with a hub on this machine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import Shell

from wyoming_voiceclone.testing.hub import LocalHub

TINY = Path(__file__).parent / "fixtures/voices/random-tiny.onnx"
NAME = "en_US-tiny-low"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as hub:
        hub.publish(NAME, TINY, TINY.with_name(f"{TINY.name}.json"))
        yield hub


@pytest.fixture
def shell(tmp_path: Path, hub: LocalHub) -> Shell:
    shell = Shell(tmp_path / "home")
    shell.folder.mkdir()
    shell.environment["HF_ENDPOINT"] = hub.url
    return shell


def listed(shell: Shell, *arguments: str) -> dict[str, dict[str, object]]:
    done = shell.run("voices", "list", "--json", *arguments)
    return {voice["name"]: voice for voice in json.loads(done.stdout)}


def test_a_voice_is_offered_downloaded_listed_as_here_and_removed(shell: Shell) -> None:
    offered = listed(shell)[NAME]
    assert offered["here"] is False
    assert offered["download_mb"]

    done = shell.run("voices", "download", NAME)
    assert done.stdout.startswith(f"{NAME} is in {shell.folder}"), done.stderr
    assert listed(shell, "--here")[NAME]["here"] is True

    assert shell.run("voices", "remove", NAME).returncode == 0
    assert NAME not in listed(shell, "--here")


def test_a_list_is_narrowed_by_words(shell: Shell) -> None:
    assert set(listed(shell, "english", "TINY")) == {NAME}
    assert {voice["language"] for voice in listed(shell, "polish").values()} == {"pl"}


def test_a_list_without_a_match_says_so(shell: Shell) -> None:
    done = shell.run("voices", "list", "qqqq", "de")
    assert (done.stdout, done.stderr) == ("", "no voice with qqqq and de is known here\n")
    assert json.loads(shell.run("voices", "list", "qqqq", "--json").stdout) == []


def test_a_list_without_the_catalogue_says_so(shell: Shell) -> None:
    shell.environment |= {
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "WYOMING_VOICECLONE_ENGINES__PIPER__ENABLED": "true",
    }
    done = shell.run("voices", "list", "german")
    assert "espeak-de" in done.stdout
    assert done.stderr.startswith("the catalogue of voices to download is not here — ")


def test_a_table_is_printed_whole_into_a_pipe(shell: Shell) -> None:
    lines = shell.run("voices", "list").stdout.splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert lines[0].split() == ["voice", "language", "download"]
    assert any(line.startswith("espeak-en-gb ") for line in lines)
    assert any(line.startswith(NAME) and line.endswith("MB") for line in lines)


def test_a_name_that_nobody_knows_is_one_line(shell: Shell) -> None:
    done = shell.run("voices", "download", "xx_XX-nobody-low")
    assert done.returncode == 1
    assert done.stderr.startswith("error: xx_XX-nobody-low: not in rhasspy/piper-voices")


def test_a_voice_of_ones_own_is_listed_and_not_removed(shell: Shell) -> None:
    own = shell.folder / "own"
    own.mkdir()
    for suffix in "", ".json":
        source = TINY.with_name(TINY.name + suffix)
        (own / f"ada.onnx{suffix}").write_bytes(source.read_bytes())
    assert listed(shell, "--voices-dir", str(own))["ada"]["here"] is True
    shell.environment["WYOMING_VOICECLONE_FOLDERS__VOICES"] = str(own)
    done = shell.run("voices", "remove", "ada")
    assert done.returncode == 1
    assert done.stderr.endswith("ada.onnx yourself\n")
    assert (own / "ada.onnx").exists()
