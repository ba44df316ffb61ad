"""The `[engines.match]` table."""

from pydantic import Field

from wyoming_voiceclone.backends.engine import EngineSettings


class MatchSettings(EngineSettings):
    """How a matched voice is made from one that this machine speaks anyway."""

    strength: float = Field(default=1.0, ge=0, le=1)
    """How far the base voice is moved: 0 = not at all, 1 = all the way; less sounds cleaner."""
    base_voice: str | None = None
    """The voice that is moved, in its languages; left out = the one nearest to the recording."""
    most_candidates: int = Field(default=8, ge=1, le=100)
    """How many voices of a language are listened to, to find the nearest; seconds each, once."""
