"""Speakers: what Kyutai TTS needs to know of a person, 10 s of Mimi's latents."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.voices import SpeakerState

Latents = npt.NDArray[np.float32]
"""Shape [1, 512, 125]: Mimi's latents of 10 s, 12.5 a second."""
NAME = "speaker_wavs"
SHAPE = (1, 512, 125)
Speaker = Callable[[], Latents]
"""Where to get them. May block. Raises BackendUnavailable."""


def latents_of(state: SpeakerState) -> Latents:
    """Raises BackendUnavailable when another engine made the state."""
    fact = _mistake(dict(state.tensors))
    if fact:
        raise BackendUnavailable(
            f"kyutai did not make this speaker state ({fact}) — enrol the voice again"
        )
    return np.asarray(state.tensors[NAME], np.float32)


def read_latents(file: Path) -> Latents:
    """A predefined voice. Blocks. Raises BackendUnavailable."""
    try:
        tensors = load(file.read_bytes())
    except (OSError, SafetensorError) as error:
        fact = error.strerror if isinstance(error, OSError) else str(error)
        raise _unusable(file, fact) from None
    if fact := _mistake(tensors):
        raise _unusable(file, fact)
    return np.asarray(tensors[NAME], np.float32)


def _mistake(tensors: dict[str, npt.NDArray[Any]]) -> str:
    """What tells these tensors from a speaker; "" = nothing."""
    if set(tensors) != {NAME}:
        return f"it holds {', '.join(sorted(tensors)) or 'nothing'} and not {NAME}"
    latents = tensors[NAME]
    if latents.shape != SHAPE or latents.dtype != np.float32:
        return f"{NAME} is {latents.dtype} {list(latents.shape)} and not float32 {list(SHAPE)}"
    return "" if np.isfinite(latents).all() else f"{NAME} holds numbers that are not finite"


def _unusable(file: Path, fact: str | None) -> BackendUnavailable:
    return BackendUnavailable(
        f"{file}: not a voice of Kyutai TTS ({fact}) — "
        f"remove it and run `wyoming-voiceclone engines install kyutai`"
    )
