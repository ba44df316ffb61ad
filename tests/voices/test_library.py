"""Voices of one's own: dropped in, watched, named, broken, half copied, gone."""

import logging
import os
import shutil
import time
from pathlib import Path

import pytest
from recordings import encoded, tone

from wyoming_voiceclone.voices.library import SETTLED_S, VoiceLibrary
from wyoming_voiceclone.voices.roles import Roles

WAV = encoded(tone(2))
OTHER = encoded(tone(2, hz=300))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "voices"
    folder.mkdir()
    return folder


def library(folder: Path) -> VoiceLibrary:
    return VoiceLibrary(folder, folder.parent / "cache/index.json")


def scanned(folder: Path) -> VoiceLibrary:
    found = library(folder)
    found.rescan()
    return found


def drop(path: Path, content: bytes | str = WAV, *, age_s: float = 60.0) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    past_s = time.time() - age_s
    os.utime(path, (past_s, past_s))
    return path


def test_a_folder_is_a_voice_with_all_that_is_said_about_it(folder: Path) -> None:
    drop(folder / "Oma Hilde/reference.wav")
    drop(folder / "Oma Hilde/reference.txt", "\ufeffGuten  Tag,\nmein Junge. ")
    drop(folder / "Oma Hilde/voice.toml", 'languages = ["de_DE", "en"]\naliases = ["oma"]')
    found = scanned(folder)
    (voice,) = found.voices.values()
    assert (voice.name, voice.transcript, voice.seconds) == (
        "Oma Hilde",
        "Guten Tag, mein Junge.",
        2.0,
    )
    assert voice.about.languages == ("de-DE", "en")
    assert found.find("OMA") is found.find("oma hilde") is voice
    reference = voice.reference()
    assert reference.digest() == voice.digest
    assert (reference.seconds, reference.language) == (2.0, "de-DE")


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [("a.wav", "wav", "pcm_s16le"), ("a.M4A", "ipod", "aac"), ("a.opus", "ogg", "libopus")],
)
def test_a_recording_alone_is_a_voice(folder: Path, name: str, container: str, codec: str) -> None:
    drop(folder / name, encoded(tone(2, 48_000), 48_000, container=container, codec=codec))
    drop(folder / "a.txt", "Hello.")
    (voice,) = scanned(folder).voices.values()
    assert (voice.name, voice.transcript, voice.folder) == ("a", "Hello.", None)


def test_the_only_recording_of_a_folder_may_be_called_anything(folder: Path) -> None:
    drop(
        folder / "ada/Sprachmemo 3.m4a",
        encoded(tone(2, 44_100), 44_100, container="ipod", codec="aac"),
    )
    drop(folder / "ada/Sprachmemo 3.txt", "Hello.")
    assert scanned(folder).voices["ada"].transcript == "Hello."


def test_pipers_voices_and_other_things_are_left_alone(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop(folder / "en_US-ada-low.onnx", "")
    drop(folder / "bob/bob.onnx", "")
    drop(folder / "notes.txt", "")
    drop(folder / ".hidden/reference.wav")
    drop(folder / ".part.wav")
    (folder / "empty").mkdir()
    assert not scanned(folder).voices
    assert not caplog.records


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"reference.wav": "a text"}, "reference.wav: not a recording that can be decoded"),
        ({"reference.wav": WAV, "voice.toml": "language = []"}, 'did you mean "languages"?'),
        ({"reference.wav": WAV, "voice.toml": "= 3"}, "not valid TOML"),
        ({"reference.wav": WAV, "reference.txt": b"\xff\xfe"}, "not UTF-8"),
        ({"voice.toml": ""}, "no recording in it — add reference.wav"),
        ({"a.wav": WAV, "b.wav": WAV}, "2 recordings (a.wav, b.wav) — call the one to use"),
    ],
)
def test_a_broken_voice_is_one_warning_and_the_others_speak(
    folder: Path, caplog: pytest.LogCaptureFixture, files: dict[str, bytes | str], told: str
) -> None:
    drop(folder / "ada.wav")
    for name, content in files.items():
        drop(folder / "broken" / name, content)
    found = scanned(folder)
    found.rescan()
    assert list(found.voices) == ["ada"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message.startswith("voice broken is left out: ")
    assert told in record.message
    assert "\n" not in record.message


def test_a_repaired_voice_speaks(folder: Path) -> None:
    toml = drop(folder / "ada/voice.toml", "speed = fast")
    drop(folder / "ada/reference.wav")
    found = scanned(folder)
    assert not found.voices
    drop(toml, "speed = 1.5", age_s=30)
    assert found.rescan().voices
    assert found.voices["ada"].about.speed == 1.5


@pytest.mark.parametrize("name", ["a|b", "a#b", "a:b", "x" * 61, "con", "a\u200bb"])
def test_a_name_that_means_something_else_is_refused(
    folder: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    drop(folder / name / "reference.wav")
    assert not scanned(folder).voices
    assert len(caplog.records) == 1


def test_one_name_written_in_two_ways_is_one_voice(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop(folder / "Jose\u0301.wav")  # as macOS writes it
    drop(folder / "JOSÉ/reference.wav", OTHER)
    found = scanned(folder)
    assert list(found.voices) == ["JOSÉ"]
    assert found.find("josé") is not None
    assert len(caplog.records) == 1


def test_a_name_beats_an_alias_and_the_first_alias_another(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in "ada", "bob", "cleo":
        drop(folder / name / "reference.wav")
        drop(folder / name / "voice.toml", 'aliases = ["bob", "boss"]')
    found = scanned(folder)
    found.rescan()
    assert [voice.name for word in ("bob", "Boss") if (voice := found.find(word))] == ["bob", "ada"]
    assert len(caplog.records) == 4


def test_a_half_copied_recording_waits_until_it_is_whole(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = library(folder)
    path = folder / "ada.wav"
    for size in 1_000, 2_000, 3_000:
        drop(path, WAV[:size], age_s=0)
        assert not found.rescan().voices
    drop(path, WAV, age_s=0)
    assert not found.rescan().voices
    assert found.rescan().voices, "the same twice: it is whole"
    assert list(found.voices) == ["ada"]
    assert not caplog.records


def test_a_voice_speaks_as_before_while_a_new_recording_is_copied(folder: Path) -> None:
    path = drop(folder / "ada.wav")
    found = scanned(folder)
    before = found.voices["ada"].digest
    drop(path, OTHER[:999], age_s=0)
    assert found.rescan().gone == set()
    assert found.voices["ada"].digest == before
    drop(path, OTHER, age_s=SETTLED_S)
    assert found.rescan().gone == {before}
    assert found.voices["ada"].digest != before


def test_a_time_in_the_future_is_no_reason_to_wait_for_ever(folder: Path) -> None:
    drop(folder / "ada.wav", age_s=-9_999)
    found = scanned(folder)
    found.rescan()
    assert "ada" in found.voices


def test_nothing_changed_is_told_and_cheap(folder: Path) -> None:
    for number in range(50):
        drop(folder / f"voice {number}.wav")
    found = scanned(folder)
    voices = found.voices
    began = time.perf_counter()
    assert not found.rescan().voices
    assert time.perf_counter() - began < 0.1
    assert found.voices is voices


def test_a_recording_is_decoded_once_in_its_life(folder: Path) -> None:
    path = drop(folder / "ada.wav")
    about = path.stat()
    digest = scanned(folder).voices["ada"].digest
    # what is known by size and time is not looked into
    path.write_bytes(b"\0" * about.st_size)
    os.utime(path, ns=(about.st_mtime_ns, about.st_mtime_ns))
    assert scanned(folder).voices["ada"].digest == digest


@pytest.mark.parametrize("content", ["", "[]", "{", '{"folder": 3, "recordings": {"a": [1]}}'])
def test_an_index_that_cannot_be_read_is_made_anew(folder: Path, content: str) -> None:
    drop(folder / "ada.wav")
    digest = scanned(folder).voices["ada"].digest
    (folder.parent / "cache/index.json").write_text(content)
    assert scanned(folder).voices["ada"].digest == digest


def test_an_index_that_cannot_be_written_costs_only_time(folder: Path) -> None:
    drop(folder / "ada.wav")
    (folder.parent / "cache").write_text("in the way")
    found = scanned(folder)
    assert found.rescan().gone == set()
    assert list(found.voices) == ["ada"]


def test_what_was_learnt_from_a_removed_voice_is_of_no_use(folder: Path) -> None:
    drop(folder / "ada/reference.wav")
    drop(folder / "bob.wav", OTHER)
    found = scanned(folder)
    ada, bob = found.voices["ada"].digest, found.voices["bob"].digest
    shutil.rmtree(folder / "ada")
    assert found.rescan().gone == {ada}
    (folder / "bob.wav").unlink()
    assert library(folder).rescan().gone == {bob}, "also while nobody watched"
    assert library(folder).rescan().gone == set()


def test_a_renamed_voice_keeps_what_was_learnt(folder: Path) -> None:
    drop(folder / "ada.wav")
    found = scanned(folder)
    (folder / "ada.wav").rename(folder / "bob.wav")
    assert found.rescan().gone == set()
    assert list(found.voices) == ["bob"]


def test_a_disk_that_is_not_there_now_is_no_removal(folder: Path) -> None:
    drop(folder / "ada.wav")
    found = scanned(folder)
    folder.rename(folder.with_name("unmounted"))
    folder.mkdir()
    assert found.rescan().gone == set()
    assert not found.voices
    shutil.rmtree(folder)
    assert found.rescan().gone == set()


def test_a_voice_of_the_moment_the_folder_appears(tmp_path: Path) -> None:
    found = scanned(tmp_path / "voices")
    drop(tmp_path / "voices/ada.wav")
    assert found.rescan().voices


def test_roles_and_aliases_lead_to_voices(folder: Path) -> None:
    drop(folder / "grandpa/reference.wav")
    drop(folder / "grandpa/voice.toml", 'aliases = ["opa"]')
    roles = Roles(
        {"alarm": "opa", "News": "grandpa|de", "reader": "en_US-lessac-medium"}, scanned(folder)
    )
    assert roles("Alarm") == "grandpa"
    assert roles("news") == "grandpa|de"
    assert roles("OPA|fr") == "grandpa|fr"
    assert roles("reader") == "en_US-lessac-medium"
    assert roles("somebody") == "somebody"
