"""Match: a likeness of any voice on any CPU: a base voice, moved by signal processing alone."""

from wyoming_voiceclone.backends.match.settings import MatchSettings

__all__ = ["MatchSettings"]
