"""Manner: how one utterance is spoken, from the settings and what the request asks."""

from dataclasses import dataclass

from wyoming_voiceclone.backends.backend import SynthesisRequest
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings

_ASKED = ("temperature", "guidance", "longest_s")
"""Settings that a request, or a voice, may have its own of."""


@dataclass(frozen=True, slots=True)
class Manner:
    temperature: float
    guidance: float
    longest_s: float
    seed: int | None = None


def manner_of(request: SynthesisRequest, settings: KyutaiSettings) -> Manner:
    """Raises BadRequest."""
    wanted = settings.asked(request, _ASKED)
    return Manner(wanted.temperature, wanted.guidance, wanted.longest_s, request.seed)
