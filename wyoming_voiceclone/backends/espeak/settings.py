"""The `[engines.espeak]` table."""

from pydantic import Field

from wyoming_voiceclone.backends.engine import EngineSettings


class EspeakSettings(EngineSettings):
    """How espeak-ng speaks."""

    words_per_minute: int = Field(default=175, ge=80, le=450)
    """How fast it speaks at speed 1."""
    pitch: int = Field(default=50, ge=0, le=99)
    """How high the voice is; 50 is a man's."""
