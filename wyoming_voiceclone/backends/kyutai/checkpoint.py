"""A checkpoint of Kyutai TTS on disk: its files, and whom its voices must be made for."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.kyutai.published import MODEL
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings
from wyoming_voiceclone.backends.weights import digest, fetched
from wyoming_voiceclone.errors import BackendUnavailable


@dataclass(frozen=True, slots=True)
class Checkpoint:
    folder: Path
    config: dict[str, Any]
    revision: str
    """Changes with the weights."""

    @property
    def signature(self) -> str:
        """`1e68beda@240`."""
        return "{sig}@{epoch}".format(**self.config["model_id"])

    @property
    def codebooks(self) -> int:
        """As many as it has."""
        return int(self.config["n_q"])

    def file(self, key: str) -> Path | None:
        """The file that the configuration names as `key`."""
        name = self.config.get(key)
        return self.folder / name if name else None

    def codec(self) -> dict[str, Any] | None:
        """The configuration of its codec; None = the published one. Blocks."""
        file = self.file("mimi_config_name")
        return json.loads(file.read_text("utf-8")) if file else None


def find_checkpoint(settings: KyutaiSettings, folders: Folders) -> Checkpoint:
    """The user's own, or the downloaded one. Blocks. Raises BackendUnavailable."""
    if not settings.model:
        weights = fetched(MODEL, folders, "kyutai")
        return Checkpoint(weights.folder, _config(weights.folder), weights.commit)
    folder = Path(settings.model).expanduser()
    config = _config(folder)
    return Checkpoint(folder, config, digest(*(folder / name for name in _names(config))))


def _config(folder: Path) -> dict[str, Any]:
    file = folder / "config.json"
    try:
        config: dict[str, Any] = json.loads(file.read_text("utf-8"))
        missing = [key for key in _NEEDED if key not in config]
        ids = config.get("model_id", {})
        missing += [f"model_id.{key}" for key in ("sig", "epoch") if key not in ids]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        fact = getattr(error, "strerror", None) or "it is not a configuration in JSON"
        raise _unusable(file, fact) from None
    if missing:
        raise _unusable(file, f"{missing[0]} is missing")
    for key in _WEIGHTS:
        if not str(config.get(key) or _SAFE).endswith(_SAFE):  # moshi would unpickle it
            raise _unusable(file, f"{key} is {config[key]!r:.60} and not a {_SAFE} file")
    return config


_NEEDED = ("n_q", "conditioners", "tts_config", "moshi_name", "mimi_name", "tokenizer_name")

_WEIGHTS = ("moshi_name", "mimi_name", "lora_name")
_SAFE = ".safetensors"


def _names(config: dict[str, Any]) -> list[str]:
    return ["config.json", *(config[key] for key in ("moshi_name", "mimi_name", "tokenizer_name"))]


def _unusable(file: Path, fact: str) -> BackendUnavailable:
    return BackendUnavailable(
        f"{file}: {fact} — put the files of kyutai/tts-1.6b-en_fr beside one another"
    )
