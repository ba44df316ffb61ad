"""The `[engines.piper]` table."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from wyoming_voiceclone.backends.engine import EngineSettings


class PiperVoiceSettings(BaseModel):
    """How one voice speaks; what is left out is as for every voice."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    speaker: str | int | None = None
    """Name or number of a multi-speaker voice's speaker; left out = the first."""
    length_scale: float | None = Field(default=None, ge=0.1, le=10)
    """How long each sound lasts: 2.0 = half as fast; left out = as the voice says."""
    noise_scale: float | None = Field(default=None, ge=0, le=2)
    """How much the sound varies; left out = as the voice says (0.667 as a rule)."""
    noise_w_scale: float | None = Field(default=None, ge=0, le=2)
    """How much the rhythm varies; left out = as the voice says (0.8 as a rule)."""


class PiperSettings(EngineSettings):
    """Piper's voices, and how they speak."""

    download: bool = True
    """Whether voices may be downloaded: the default one, and others when somebody asks for them."""
    offer_catalogue: bool = True
    """Whether the list of voices shows those that are downloaded when they are first asked for."""
    offer_speakers: Literal["always", "never"] | Annotated[int, Field(ge=0)] = 120
    """Whether each speaker of a voice is a voice of its own (`en_GB-vctk-medium#p239`): always,
    never, or for voices of at most so many speakers."""
    repository: str = Field(default="rhasspy/piper-voices", pattern=r"^[\w.-]+/[\w.-]+$")
    """Where voices come from, on the Hugging Face hub."""
    revision: str = "main"
    """Which version of it: a branch, a tag or a commit."""
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/\s]+")
    """Address of another hub (a mirror); left out = HF_ENDPOINT, or huggingface.co."""
    memory_limit_mb: int = Field(default=1_000, ge=50)
    """Voices stay loaded up to this size in all; the one not used for longest goes first."""
    load_patience_s: float = Field(default=4.0, ge=0, le=60)
    """How long a listener waits for a voice that is being loaded before another engine speaks."""
    cores: int = Field(default=0, ge=0, le=64)
    """How many cores speech is computed on; 0 = all of them, at most 4."""
    length_scale: float | None = Field(default=None, ge=0.1, le=10)
    """As in a voice's table, for every voice."""
    noise_scale: float | None = Field(default=None, ge=0, le=2)
    """As in a voice's table, for every voice."""
    noise_w_scale: float | None = Field(default=None, ge=0, le=2)
    """As in a voice's table, for every voice."""
    voices: dict[str, PiperVoiceSettings] = Field(default_factory=dict)
    """Settings of single voices, by name."""
