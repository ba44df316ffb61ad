"""Which files are a model of Kyutai TTS, and which are not."""

import json
from pathlib import Path
from typing import Any

import pytest

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.kyutai import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.checkpoint import find_checkpoint
from wyoming_voiceclone.backends.kyutai.published import MODEL, SIGNATURE
from wyoming_voiceclone.backends.weights import RECEIPT, weights_folder
from wyoming_voiceclone.errors import BackendUnavailable

CONFIG: dict[str, Any] = {
    "moshi_name": "dsm.safetensors",
    "mimi_name": "mimi.safetensors",
    "tokenizer_name": "tokenizer.model",
    "n_q": 32,
    "conditioners": {},
    "tts_config": {},
    "model_id": {"sig": "1e68beda", "epoch": 240},
}


def test_installed_weights_are_known_by_their_commit(folders: Folders) -> None:
    folder = weights_folder(MODEL, folders)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / RECEIPT).write_text(json.dumps({"commit": "abc"}))
    checkpoint = find_checkpoint(KyutaiSettings(), folders)
    assert (checkpoint.revision, checkpoint.signature) == ("abc", SIGNATURE)


@pytest.mark.parametrize(
    ("text", "fact"),
    [("{", "not a configuration"), ("[1]", "missing|not a conf"), ("{}", "n_q is missing")],
)
def test_a_folder_that_holds_another_model_is_refused(
    tmp_path: Path, folders: Folders, text: str, fact: str
) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(BackendUnavailable, match=rf"config\.json: .*{fact}.*kyutai/tts-1\.6b"):
        find_checkpoint(KyutaiSettings(model=str(tmp_path)), folders)


@pytest.mark.parametrize("key", ["moshi_name", "mimi_name", "lora_name"])
def test_weights_that_would_be_unpickled_are_refused(
    tmp_path: Path, folders: Folders, key: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | {key: "model.pt"}))
    with pytest.raises(BackendUnavailable, match=rf"{key} is 'model\.pt' and not a \.safetensors"):
        find_checkpoint(KyutaiSettings(model=str(tmp_path)), folders)
