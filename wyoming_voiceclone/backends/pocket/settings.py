"""The `[engines.pocket]` table."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from wyoming_voiceclone.backends.engine import ListenerSettings
from wyoming_voiceclone.backends.pocket.catalogue import MODELS, USUAL


def _listed(value: Any) -> Any:
    """`en,de` is a list too: that is how it is written in the environment."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(","))
    return tuple(value) if isinstance(value, list) else value


class PocketSettings(ListenerSettings):
    """What Pocket-TTS speaks, and how much of this machine it takes."""

    languages: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ("en",)
    """The languages to speak, the main one first, of: en, fr, de, pt, it, es, nl; a model each."""
    cloning: bool = True
    """Whether it learns voices: those weights need an account. Without: own_voices only."""
    own_voices: bool = True
    """Whether the voices that Kyutai publishes for each model are fetched, and offered."""
    voices: str = ""
    """A folder with voices that pocket-tts exported, as MODEL/NAME.safetensors; "" = none."""
    model: str = ""
    """A folder with your own weights, in the layout of kyutai/pocket-tts; "" = the downloaded."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """How freely it speaks, 0 = always alike; left out = as each model was judged best (0.3)."""
    reference_s: float = Field(default=10, ge=3, le=30)
    """How much of a recording it listens to. More takes memory: 0.6 MB a second and language."""
    memory_mb: int = Field(default=2000, ge=600, le=1_000_000)
    """What it may take in all: weights, and what every sentence being spoken needs of its own."""
    listeners: int = Field(default=8, ge=1, le=64)
    """How many sentences it speaks at once at most, as far as the memory goes; others wait."""
    models: dict[str, str] = Field(default_factory=dict)
    """Another model for a language, a smaller or a larger one: en = "english_2m_2026-10"."""

    @model_validator(mode="after")
    def _known_models(self) -> Self:
        if not self.languages or len(set(self.languages)) < len(self.languages):
            raise ValueError('languages: name each one once, at least one: ["en"]')
        for language in self.languages:
            if language not in USUAL:
                have = ", ".join(USUAL)
                raise ValueError(f"languages: no model speaks {language!r:.20} — have {have}")
        for language, name in self.models.items():
            able = [one for one, model in MODELS.items() if model.language == language]
            if name not in able:
                have = ", ".join(able) or f"none: languages are {', '.join(USUAL)}"
                raise ValueError(f"models: {name!r:.40} is none for {language!r:.20} — have {have}")
        return self

    @property
    def chosen(self) -> dict[str, str]:
        """The model of each language, the main one first."""
        return {tag: self.models.get(tag, USUAL[tag]) for tag in self.languages}
