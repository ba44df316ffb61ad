"""Cloning with Kyutai's encoder, which few people have, and what everybody else is told."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("moshi", reason="moshi comes with the engines: script/test --engines")

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.kyutai import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.backend import KyutaiBackend
from wyoming_voiceclone.errors import BadRecording, CannotClone, ConfigError
from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.voices import Reference

pytestmark = pytest.mark.timeout(300)

MakeSettings = Callable[..., KyutaiSettings]
WriteEncoder = Callable[[Path, dict[str, str] | None], None]
OURS = {"sig": "1e68beda", "epoch": "240"}


def tone(seconds: float, level: float = 0.3) -> Reference:
    time_s = np.arange(round(seconds * 16_000)) / 16_000
    return Reference((level * np.sin(2 * np.pi * 220 * time_s)).astype(np.float32), 16_000)


async def test_it_clones_with_the_encoder(
    make_settings: MakeSettings, folders: Folders, write_encoder: WriteEncoder, tmp_path: Path
) -> None:
    file = tmp_path / "1e68beda_240_mimi_voice.safetensors"
    write_encoder(file, OURS)
    settings = make_settings(mimi_voice_weight=str(file))

    async def make() -> KyutaiBackend:
        return await asyncio.to_thread(KyutaiBackend, settings, folders)

    await check_cloning(make)


async def test_without_the_encoder_it_says_who_can(
    make_settings: MakeSettings, folders: Folders
) -> None:
    backend = await asyncio.to_thread(KyutaiBackend, make_settings(), folders)
    try:
        assert not backend.capabilities().clones
        with pytest.raises(CannotClone, match=r"keeps the encoder.*Pocket-TTS or Match"):
            await backend.enroll(tone(10))
    finally:
        await backend.aclose()


@pytest.mark.parametrize(
    ("name", "notes", "fact"),
    [
        ("e9d43d50_500_mimi_voice.safetensors", None, "for the model e9d43d50@500"),
        ("voice.safetensors", {"sig": "e9d43d50", "epoch": "500"}, "for the model e9d43d50@500"),
        ("tokenizer-e351c8d8-checkpoint125.safetensors", None, "does not say which model"),
    ],
)
def test_an_encoder_of_another_model_is_refused(
    make_settings: MakeSettings,
    folders: Folders,
    write_encoder: WriteEncoder,
    tmp_path: Path,
    name: str,
    notes: dict[str, str] | None,
    fact: str,
) -> None:
    write_encoder(tmp_path / name, notes)
    with pytest.raises(ConfigError, match=rf"{name}: .*{fact}"):
        KyutaiBackend(make_settings(mimi_voice_weight=str(tmp_path / name)), folders)


def test_an_encoder_is_known_by_its_name(
    make_settings: MakeSettings, folders: Folders, write_encoder: WriteEncoder, tmp_path: Path
) -> None:
    file = tmp_path / "1e68beda_240_mimi_voice.safetensors"
    write_encoder(file, None)
    with_encoder = KyutaiBackend(make_settings(mimi_voice_weight=str(file)), folders)
    without = KyutaiBackend(make_settings(), folders)
    assert with_encoder.capabilities().clones
    assert with_encoder.revision != without.revision


def test_an_encoder_that_is_not_there_is_named(
    make_settings: MakeSettings, folders: Folders, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"none\.safetensors: it is not there .*mimi_voice"):
        KyutaiBackend(make_settings(mimi_voice_weight=str(tmp_path / "none.safetensors")), folders)


@pytest.mark.parametrize(
    ("reference", "fact"),
    [(tone(2.9), r"2\.9 s are too short"), (tone(5, level=0.0), "nobody is heard")],
)
async def test_recordings_nobody_can_be_learnt_from_are_refused(
    make_settings: MakeSettings,
    folders: Folders,
    write_encoder: WriteEncoder,
    tmp_path: Path,
    reference: Reference,
    fact: str,
) -> None:
    write_encoder(tmp_path / "voice.safetensors", OURS)
    settings = make_settings(mimi_voice_weight=str(tmp_path / "voice.safetensors"))
    backend = await asyncio.to_thread(KyutaiBackend, settings, folders)
    try:
        with pytest.raises(BadRecording, match=fact):
            await backend.enroll(reference)
    finally:
        await backend.aclose()


async def test_whoever_learns_first_prepares_moshi_for_those_who_speak(
    make_settings: MakeSettings,
    folders: Folders,
    write_encoder: WriteEncoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_TORCH_COMPILE", "")  # so that it is put back, and then:
    monkeypatch.delenv("NO_TORCH_COMPILE")
    write_encoder(tmp_path / "voice.safetensors", OURS)
    settings = make_settings(mimi_voice_weight=str(tmp_path / "voice.safetensors"))
    backend = await asyncio.to_thread(KyutaiBackend, settings, folders)
    try:
        await backend.enroll(tone(5))
    finally:
        await backend.aclose()
    assert os.environ["NO_TORCH_COMPILE"] == "1", "moshi reads it once, when it is imported"
