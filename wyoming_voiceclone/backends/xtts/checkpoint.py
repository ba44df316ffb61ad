"""Checkpoints: what is in a pickled file of the model, without running any of it."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from wyoming_voiceclone.errors import BackendUnavailable

_CONFIGURATION = (
    "TTS.tts.configs.xtts_config.XttsConfig",
    "TTS.tts.configs.xtts_config.XttsArgs",
    "TTS.tts.configs.xtts_config.XttsAudioConfig",
    "TTS.tts.models.xtts.XttsArgs",
    "TTS.tts.models.xtts.XttsAudioConfig",
    "TTS.config.shared_configs.BaseDatasetConfig",
)
_TRAINING = ("torch_mel_spectrogram_style_encoder", "torch_mel_spectrogram_dvae", "dvae")
"""Parts that fine-tuning leaves in a checkpoint, and speaking has no use for."""
_DERIVED = ("gpt.gpt_inference.", "gpt.gpt.wte.")
"""Second names of other weights, in checkpoints of models that had spoken before."""


class _Unused:
    """Stands for the objects that the published checkpoint has beside its weights."""


def unpickled(path: Path) -> Any:
    """The data in `path`. Blocks. Raises BackendUnavailable when it is anything but data."""
    allowed: list[Any] = [(_Unused, name) for name in _CONFIGURATION]
    mapped = zipfile.is_zipfile(path)  # older files cannot be read where they lie
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise BackendUnavailable(
            f"{path} was not loaded: it holds more than weights, or is damaged "
            f"({_fact(error)}) — get it again from somebody you trust"
        ) from error
    except (OSError, RuntimeError, EOFError) as error:
        raise BackendUnavailable(
            f"{path} cannot be read ({_fact(error)}) — install the engine again"
        ) from error


def weights_in(path: Path) -> dict[str, torch.Tensor]:
    """The weights of a published or fine-tuned model, by their names in the library."""
    saved = unpickled(path)
    weights = saved.get("model") if isinstance(saved, dict) else None
    if not isinstance(weights, dict):
        raise BackendUnavailable(f"{path} holds no model — get coqui/XTTS-v2's, or one like it")
    named = {name.removeprefix("xtts."): weight for name, weight in weights.items()}
    return {
        name: weight
        for name, weight in named.items()
        if name.partition(".")[0] not in _TRAINING and not name.startswith(_DERIVED)
    }


def _fact(error: Exception) -> str:
    """The line that tells: torch's first one is about how to switch the check off."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("WeightsUnpickler", "Unsupported"))]
    return (telling or lines or [type(error).__name__])[0][:200]
