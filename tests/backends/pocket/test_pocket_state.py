"""A voice's state: ours, and the one that pocket-tts exports."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pocket_tts", reason="comes with the engine: script/test --engines")

import torch
from backends.pocket.conftest import TINY
from pocket_tts import TTSModel, export_model_state
from pocket_tts.models.tts_model import init_states
from safetensors.torch import load_file, save_file

from wyoming_voiceclone.backends.pocket.files import ModelFiles
from wyoming_voiceclone.backends.pocket.model import PocketModel, load_library
from wyoming_voiceclone.backends.pocket.prompt import listened_to
from wyoming_voiceclone.backends.pocket.state import Prompt, read_exported, write_exported
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.testing.conformance import SENTENCE
from wyoming_voiceclone.voices import Reference


def files(weights: Path) -> ModelFiles:
    folder = weights / f"languages/{TINY}"
    return ModelFiles(TINY, folder / "model.safetensors", folder / "tokenizer.model", (), "1")


@pytest.fixture
def model(weights: Path) -> PocketModel:
    return PocketModel(files(weights))


@pytest.fixture
def library(weights: Path) -> Any:
    """The same model, as pocket-tts itself runs it."""
    tts: TTSModel = load_library(files(weights))
    tts.temp = 0.0
    return tts


@pytest.fixture
def prompt(model: PocketModel, ada: Reference) -> Prompt:
    return model.listen(listened_to(ada, 24_000, 10))


def spoken(model: PocketModel, prompt: Prompt, text: str = SENTENCE) -> Any:
    return np.concatenate([*model.speak(prompt, text, temperature=0.0)])


def test_a_voice_goes_to_pocket_tts_and_comes_back(
    model: PocketModel, library: Any, prompt: Prompt, tmp_path: Path
) -> None:
    write_exported(tmp_path / "ours.safetensors", prompt)
    state = library.get_state_for_audio_prompt(tmp_path / "ours.safetensors")
    export_model_state(state, tmp_path / "theirs.safetensors")
    back = read_exported(tmp_path / "theirs.safetensors", model.like)
    assert np.array_equal(prompt, back)


def test_pocket_tts_itself_says_the_same(
    model: PocketModel, library: Any, prompt: Prompt, tmp_path: Path
) -> None:
    write_exported(tmp_path / "ours.safetensors", prompt)
    state = library.get_state_for_audio_prompt(tmp_path / "ours.safetensors")
    # several sentences, longer than it says at once: cut where pocket-tts cuts
    text = f"{SENTENCE} Then, " * 4
    with torch.no_grad():
        theirs = library.generate_audio(state, text).numpy()
    assert np.allclose(spoken(model, prompt, text), theirs, atol=2e-4)


def test_old_exports_and_caches_that_are_not_full_are_read(
    model: PocketModel, prompt: Prompt, tmp_path: Path
) -> None:
    write_exported(tmp_path / "now.safetensors", prompt)
    filled, old = prompt.shape[2], {}
    for name, tensor in load_file(tmp_path / "now.safetensors").items():
        layer, _, what = name.rpartition("/")
        if what == "cache":
            empty = torch.full((2, 1, 40, *tensor.shape[3:]), float("nan"))
            old[name] = torch.cat([tensor, empty], 2).to(torch.float32)
        elif what == "offset":
            old[f"{layer}/current_end"] = torch.empty(filled, 0)
    save_file(old, tmp_path / "old.safetensors")
    assert np.array_equal(prompt, read_exported(tmp_path / "old.safetensors", model.like))


def test_a_voice_in_half_the_bits_is_read(
    model: PocketModel, prompt: Prompt, tmp_path: Path
) -> None:
    write_exported(tmp_path / "v.safetensors", prompt)
    halved = {
        name: tensor.bfloat16() if name.endswith("cache") else tensor
        for name, tensor in load_file(tmp_path / "v.safetensors").items()
    }
    save_file(halved, tmp_path / "v.safetensors")
    read = read_exported(tmp_path / "v.safetensors", model.like)
    assert read.dtype == np.float32
    assert np.allclose(read, prompt, rtol=0.01, atol=0.01)


def test_two_voices_in_one_file_are_refused(
    model: PocketModel, prompt: Prompt, tmp_path: Path
) -> None:
    write_exported(tmp_path / "v.safetensors", prompt)
    padded = load_file(tmp_path / "v.safetensors")
    padded = {k: torch.ones_like(v) if k.endswith("/pad") else v for k, v in padded.items()}
    save_file(padded, tmp_path / "v.safetensors")
    with pytest.raises(BackendUnavailable, match=r"v\.safetensors: no voice .*batch"):
        read_exported(tmp_path / "v.safetensors", model.like)


def test_a_state_holds_nothing_but_what_was_heard(model: PocketModel, prompt: Prompt) -> None:
    layers, heads, size = model.like
    assert prompt.shape == (layers, 2, prompt.shape[2], heads, size)
    assert np.isfinite(prompt).all()
    empty = init_states(model._flow, 1, prompt.shape[2])
    assert prompt.size == sum(state["cache"].numel() for state in empty.values())


def test_no_text_reaches_the_log(
    model: PocketModel, prompt: Prompt, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    spoken(model, prompt, "supercalifragilistic " * 60)
    assert "supercali" not in caplog.text.lower()
