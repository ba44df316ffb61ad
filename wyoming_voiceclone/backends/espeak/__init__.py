"""espeak-ng: a hundred languages from the first second, offline, in a robot's voice."""

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.declaration import Declaration, Licence
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.backends.espeak.settings import EspeakSettings


def _make(settings: EspeakSettings, folders: Folders) -> Backend:  # noqa: ARG001
    from wyoming_voiceclone.backends.espeak.backend import EspeakBackend  # noqa: PLC0415

    return EspeakBackend(settings)


ENGINE = Engine(
    "espeak",
    EspeakSettings,
    _make,
    Declaration(
        title="espeak-ng",
        about="over a hundred languages from the first second, in a robot's voice",
        languages=(),
        rate=22_050,
        licence=Licence("GPL-3.0-or-later"),
        memory_mb=20,
    ),
)

__all__ = ["ENGINE", "EspeakSettings"]
