"""Manner: how one utterance is spoken, from the settings and what the request asks."""

from dataclasses import dataclass

from pydantic import ValidationError

from wyoming_voiceclone.backends.backend import SynthesisRequest
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings
from wyoming_voiceclone.errors import BadRequest

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
    asked = {name: request.settings[name] for name in _ASKED if name in request.settings}
    try:
        wanted = KyutaiSettings.model_validate(asked) if asked else settings
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise BadRequest(f"{request.voice}: {name} {asked[name]!r}: {first['msg']}") from None
    chosen = {name: getattr(wanted if name in asked else settings, name) for name in _ASKED}
    return Manner(**chosen, seed=request.seed)
