"""Match: a likeness of any voice on any CPU: a base voice, moved by signal processing alone."""

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.declaration import Declaration, Licence, ReferenceNeeds
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.backends.match.settings import MatchSettings


def _make(settings: MatchSettings, folders: Folders, base: Backend) -> Backend:
    from wyoming_voiceclone.backends.match.backend import MatchBackend  # noqa: PLC0415

    return MatchBackend(base, settings, folders.cache / "match")


ENGINE = Engine(
    "match",
    MatchSettings,
    _make,
    Declaration(
        title="Match",
        about="a likeness of any voice, in every language that Piper and espeak-ng speak",
        languages=(),
        rate=0,
        licence=Licence("Apache-2.0"),
        reference=ReferenceNeeds(least_s=1, most_s=300),
        memory_mb=40,
    ),
    converts=True,
)

__all__ = ["ENGINE", "MatchSettings"]
