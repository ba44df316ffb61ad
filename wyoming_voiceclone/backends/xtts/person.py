"""Person: what XTTS needs to know of somebody in order to speak as them."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wyoming_voiceclone.backends.xtts.checkpoint import unpickled
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.voices.speaker_state import Tensor

LATENTS = 32
"""The perceiver's; not a setting of the model."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    manner: torch.Tensor
    """How they speak, for the language model: [1, LATENTS, width]."""
    sound: torch.Tensor
    """How they sound, for the vocoder: [1, size, 1]."""

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], width: int, size: int) -> "Person":
        """Raises BackendUnavailable when these are not from this engine."""
        if set(tensors) != {"gpt_cond_latent", "speaker_embedding"}:
            raise _strange(f"it holds {', '.join(sorted(tensors)) or 'nothing'}")
        manner = _checked(tensors["gpt_cond_latent"], (1, LATENTS, width))
        return cls(manner, _checked(tensors["speaker_embedding"], (1, size, 1)))

    def tensors(self) -> dict[str, Tensor]:
        """As they are called in the published `speakers_xtts.pth`."""
        named = {"gpt_cond_latent": self.manner, "speaker_embedding": self.sound}
        return {name: tensor.float().cpu().numpy() for name, tensor in named.items()}

    def on(self, device: torch.device) -> "Person":
        return Person(self.manner.to(device), self.sound.to(device))


def studio(path: Path) -> dict[str, tuple[str, Mapping[str, Tensor]]]:
    """The model's own voices: our name for each, what its makers call it, and its tensors.

    Raises BackendUnavailable. Blocks.
    """
    people = unpickled(path)
    try:
        return {
            voice_name(name): (name, {key: _array(tensor) for key, tensor in tensors.items()})
            for name, tensors in people.items()
        }
    except (AttributeError, TypeError) as error:  # other data than names and tensors
        raise BackendUnavailable(f"{path} holds no speakers — download it again") from error


def voice_name(name: str) -> str:
    """`xtts-claribel-dervla` for Claribel Dervla."""
    plain = [c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)]
    words = "".join(c if c.isalnum() else " " for c in plain).casefold().split()
    return "-".join(["xtts", *words])


def _array(tensor: Any) -> Tensor:
    return np.asarray(tensor.detach().float().numpy())


def _checked(tensor: Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    if tensor.shape != shape or tensor.dtype != np.float32:
        raise _strange(f"{tensor.dtype}{list(tensor.shape)} instead of float32{list(shape)}")
    if not np.isfinite(tensor).all():
        raise _strange("its numbers are not finite")
    return torch.from_numpy(np.array(tensor))  # a copy: those from files cannot be written to


def _strange(fact: str) -> BackendUnavailable:
    return BackendUnavailable(
        f"xtts did not make this speaker state ({fact}) — enrol the voice again"
    )
