"""Voices on this machine: found by dropping two files, and never a reason to stop."""

import json
import logging
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from wyoming_voiceclone.backends.piper.voice_files import VoiceFolders, find_voice_files

FIXTURES = Path(__file__).parents[2] / "fixtures" / "voices"


def drop(folder: Path, name: str = "de_DE-ada-low", **changes: Any) -> Path:
    """A voice of a few bytes: here nobody loads it."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads((FIXTURES / "random-tiny-multi.onnx.json").read_bytes())
    (folder / f"{name}.onnx").write_bytes(b"model")
    beside = folder / f"{name}.onnx.json"
    beside.write_text(json.dumps(config | changes))
    return beside


def test_a_voice_is_what_its_config_says(tmp_path: Path) -> None:
    for suffix in (".onnx", ".onnx.json"):
        shutil.copy(FIXTURES / f"random-tiny-multi{suffix}", tmp_path)
    voice = find_voice_files([tmp_path])["random-tiny-multi"]
    assert (voice.language, voice.language_name) == ("en-US", "English (United States)")
    assert (voice.rate, voice.quality) == (16_000, "x_low")
    assert (voice.noise_scale, voice.length_scale, voice.noise_w_scale) == (0.667, 1.0, 0.8)
    assert voice.dataset == "random-tiny-multi"
    assert len(voice.speakers) == 4
    assert voice.default_speaker == 0


def test_voices_lie_in_the_folders_and_one_level_down_the_first_folder_first(
    tmp_path: Path,
) -> None:
    own, data = tmp_path / "voices", tmp_path / "data"
    drop(own, "a")
    drop(own / "bella", "b")
    drop(own / "x" / "y", "too-deep")
    drop(data / ".partial", "hidden")
    drop(data / "a", "a")
    found = find_voice_files([own, data, tmp_path / "absent"])
    assert {name: voice.model.parent for name, voice in found.items()} == {
        "a": own,
        "b": own / "bella",
    }


def test_the_config_may_be_called_without_onnx(tmp_path: Path) -> None:
    drop(tmp_path, "a").rename(tmp_path / "a.json")
    assert "a" in find_voice_files([tmp_path])


def test_speakers_without_names_are_numbered(tmp_path: Path) -> None:
    drop(tmp_path, "a", num_speakers=3, speaker_id_map={})
    assert find_voice_files([tmp_path])["a"].speakers == {"0": 0, "1": 1, "2": 2}


def test_a_config_without_a_language_speaks_that_of_its_espeak_voice(tmp_path: Path) -> None:
    drop(tmp_path, "a", language=None, espeak={"voice": "en-gb-x-rp"}, dataset=None)
    voice = find_voice_files([tmp_path])["a"]
    assert (voice.language, voice.dataset) == ("en-GB", "a")


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "config"),
        (b"{}", "audio"),
        (b" " * 2_000_000, "larger than"),
        ({"audio": {"sample_rate": "fast"}}, "audio.sample_rate"),
        ({"num_speakers": 10**12}, "num_speakers"),
        ({"num_speakers": 2, "speaker_id_map": {"eve": 7}}, "eve"),
        ({"language": {"code": "../../etc"}}, "language.code"),
        ({"phoneme_id_map": {}}, "phoneme_id_map"),
    ],
)
def test_a_broken_config_is_named_once_and_skipped(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: bytes | dict[str, Any],
    fact: str,
) -> None:
    beside = drop(tmp_path, "broken", **(content if isinstance(content, dict) else {}))
    if isinstance(content, bytes):
        beside.write_bytes(content)
    drop(tmp_path, "whole")
    folders = VoiceFolders([tmp_path])
    with caplog.at_level(logging.WARNING):
        assert [*folders.rescan()] == [*folders.rescan()] == ["whole"]
    (warning,) = caplog.messages
    assert str(beside) in warning
    assert fact in warning
    assert " — " in warning


def test_a_dropped_changed_or_removed_voice_shows_at_the_next_look(tmp_path: Path) -> None:
    folders = VoiceFolders([tmp_path])
    assert folders.rescan() == {}
    beside = drop(tmp_path, "a")
    first = folders.rescan()["a"]
    assert folders.rescan()["a"] is first
    os.utime(beside, (1, 1))
    second = folders.rescan()["a"]
    assert second.revision != first.revision
    beside.unlink()
    assert folders.rescan() == {} == folders.voices


def test_a_second_look_takes_milliseconds(tmp_path: Path) -> None:
    for number in range(50):
        drop(tmp_path / str(number), f"v{number}")
    folders = VoiceFolders([tmp_path])
    started = time.perf_counter()
    folders.rescan()
    first_s = time.perf_counter() - started
    started = time.perf_counter()
    assert len(folders.rescan()) == 50
    assert time.perf_counter() - started < first_s / 2
