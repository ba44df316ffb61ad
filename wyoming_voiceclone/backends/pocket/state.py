"""What Pocket-TTS knows of a voice: for each model the keys and values of its prompt.

In our speaker states it is one array for each model; pocket-tts exports a file with three tensors
for each layer. Both ways are exact.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors
from safetensors.numpy import save

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.lru_folder import replace_file
from wyoming_voiceclone.voices import SpeakerState

Prompt = npt.NDArray[np.float32]
"""Shape [layers, 2 (keys, values), positions, heads, dimensions of a head]."""
_LONGEST = 2_000
"""Positions; 30 s take 376."""
_LAYER = "transformer.layers.{}.self_attn"
"""What pocket-tts calls them."""


def prompt_of(state: SpeakerState, model: str, identity: str, like: tuple[int, int, int]) -> Prompt:
    """The prompt for one model; `like` is its layers, heads and dimensions of a head.

    Raises BackendUnavailable for whatever was not made by just these weights.
    """
    made_by, prompt = state.notes.get(model), state.tensors.get(model)
    if prompt is None:
        raise BackendUnavailable(f"this speaker state is none of {model} — enrol the voice again")
    if made_by != identity:
        raise BackendUnavailable(
            f"this speaker state was made with other weights of {model} ({made_by!s:.12}, "
            f"here are {identity:.12}) — enrol the voice again"
        )
    return _checked(prompt, model, like)


def _checked(prompt: npt.NDArray[np.generic], what: str, like: tuple[int, int, int]) -> Prompt:
    layers, heads, size = like
    positions = prompt.shape[2] if prompt.ndim == 5 else 0
    expected = (layers, 2, positions, heads, size)
    if prompt.dtype != np.float32 or prompt.shape != expected or not 0 < positions <= _LONGEST:
        fact = f"{prompt.dtype} {list(prompt.shape)}, not float32 [{layers}, 2, n, {heads}, {size}]"
        raise BackendUnavailable(f"{what}: holds {fact} — made by another model: enrol again")
    return np.asarray(prompt, np.float32)


def read_exported(path: Path, like: tuple[int, int, int]) -> Prompt:
    """A voice that pocket-tts exported. Blocks. Raises BackendUnavailable."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:  # of any float type
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        layers = [_layer(tensors, _LAYER.format(n)) for n in range(like[0])]
        return _checked(np.stack(layers), str(path), like)
    except (OSError, safetensors.SafetensorError, KeyError, ValueError, IndexError) as error:
        raise BackendUnavailable(
            f"{path}: no voice of this model ({type(error).__name__}: {error}) — export it with "
            f"`pocket-tts export-voice`, for just this model"
        ) from error


def write_exported(path: Path, prompt: Prompt) -> None:
    """Write a voice for pocket-tts. Blocks. Raises OSError."""
    tensors = {}
    for number, layer in enumerate(prompt):
        name = _LAYER.format(number)
        tensors[f"{name}/offset"] = np.array([prompt.shape[2]], np.int64)
        tensors[f"{name}/pad"] = np.zeros(1, np.int64)
        tensors[f"{name}/cache"] = np.ascontiguousarray(layer[:, None])
    replace_file(path, save(tensors))


def _layer(tensors: Mapping[str, object], name: str) -> Prompt:
    """Shape [2, positions, heads, dimensions]: only what is filled."""
    cache = _array(tensors[f"{name}/cache"])
    if f"{name}/offset" in tensors:
        filled = int(_array(tensors[f"{name}/offset"]).flat[0])
    else:  # of versions before 2.0: the length of a tensor says it
        filled = len(_array(tensors[f"{name}/current_end"]))
    if _array(tensors.get(f"{name}/pad", np.zeros(1))).any() or not 0 < filled <= cache.shape[2]:
        raise ValueError("a batch of voices, or an empty one")
    return np.ascontiguousarray(cache[:, 0, :filled])


def _array(tensor: object) -> Prompt:
    floats = tensor.float() if hasattr(tensor, "float") else tensor
    return np.asarray(floats, np.float32)
