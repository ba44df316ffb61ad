"""Match: a likeness of any voice on any CPU: a base voice, moved by signal processing alone."""

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.backends.match.settings import MatchSettings


def _make(settings: MatchSettings, folders: Folders, base: Backend) -> Backend:
    from wyoming_voiceclone.backends.match.backend import MatchBackend  # noqa: PLC0415

    return MatchBackend(base, settings, folders.cache / "match")


ENGINE = Engine("match", MatchSettings, _make, converts=True)

__all__ = ["ENGINE", "MatchSettings"]
