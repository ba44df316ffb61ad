"""Choosing one id among many, with chance drawn beforehand: what follows can be one CUDA graph."""

from dataclasses import dataclass

import torch

from wyoming_voiceclone.backends.backend import SynthesisRequest
from wyoming_voiceclone.backends.csm.settings import CsmSettings

_GENEROUS = 2**63
_RAREST = 1e-30
"""Chance is never 0: what cannot be chosen would be."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How freely ids are chosen."""

    temperature: float
    """0 = always the likeliest."""
    top_k: int

    @classmethod
    def of(cls, settings: CsmSettings) -> "Manner":
        return cls(settings.temperature, settings.top_k)


def manner_of(request: SynthesisRequest, settings: CsmSettings) -> Manner:
    """As the request or its voice wants it. Raises BadRequest."""
    return Manner.of(settings.asked(request, ("temperature", "top_k")))


class Chance:
    """The chance of one sentence: from its seed alone, whoever else speaks."""

    def __init__(self, manner: Manner, seed: int | None, device: torch.device) -> None:
        self.manner = manner
        self._generator = torch.Generator(device)
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed % _GENEROUS)

    @property
    def temperature(self) -> float:
        """What logits are divided by; where chance is 0 it makes no difference."""
        return self.manner.temperature or 1.0

    def drawn(self, codebooks: int, codes: int) -> torch.Tensor:
        """Gumbel noise [codebooks, codes] for one frame; zeros when the likeliest is wanted."""
        noise = torch.zeros(codebooks, codes, device=self._generator.device)
        if self.manner.temperature == 0:
            return noise
        return -noise.exponential_(generator=self._generator).clamp_min_(_RAREST).log_()


def chosen(
    logits: torch.Tensor, noise: torch.Tensor, temperature: torch.Tensor, top_k: int
) -> torch.Tensor:
    """Ids [1] of logits [1, vocabulary] and noise [codes]: never one at or above `codes`.

    The largest of the scores plus Gumbel noise is distributed as their softmax is.
    """
    codes = len(noise)
    scores = logits[..., :codes].float() / temperature
    least = scores.topk(min(top_k, codes)).values[..., -1:]
    return (scores + noise).masked_fill(scores < least, -torch.inf).argmax(-1)
