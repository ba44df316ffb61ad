"""How many are spoken to at once in the memory that is given."""

from pathlib import Path

import pytest

pytest.importorskip("pocket_tts", reason="comes with the engine: script/test --engines")

from backends.pocket.conftest import TINY

from wyoming_voiceclone.backends.pocket import PocketSettings
from wyoming_voiceclone.backends.pocket.files import ModelFiles
from wyoming_voiceclone.backends.pocket.memory import listeners
from wyoming_voiceclone.errors import BackendUnavailable, ConfigError


@pytest.fixture
def files(weights: Path) -> tuple[ModelFiles, ...]:
    folder = weights / f"languages/{TINY}"
    return (ModelFiles(TINY, folder / "model.safetensors", folder / "tokenizer.model", (), "1"),)


def test_more_memory_is_for_more_listeners_up_to_what_was_asked_for(
    files: tuple[ModelFiles, ...],
) -> None:
    counts = [
        listeners(PocketSettings(memory_mb=mb, listeners=20), files)
        for mb in (660, 720, 900, 9_000)
    ]
    assert counts == sorted(set(counts))
    assert counts[-1] == 20


def test_too_little_for_anybody_is_told_with_what_is_needed(
    files: tuple[ModelFiles, ...],
) -> None:
    with pytest.raises(ConfigError, match=r"memory_mb is 600, .* need \d+ — raise it"):
        listeners(PocketSettings(memory_mb=600), files)


def test_states_that_no_worker_could_be_sent_are_refused_beforehand(weights: Path) -> None:
    large = [ModelFiles(f"{name}_24l", weights, weights, (), "1") for name in ("german", "french")]
    with pytest.raises(ConfigError, match=r"30 s of a voice in 2 models take 149 MB.*to 12\.9"):
        listeners(PocketSettings(reference_s=30), tuple(large))


def test_weights_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (broken := tmp_path / "model.safetensors").write_bytes(b"{}")
    one = ModelFiles(TINY, broken, broken, (), "1")
    with pytest.raises(BackendUnavailable, match=r"model\.safetensors cannot be read"):
        listeners(PocketSettings(), (one,))
