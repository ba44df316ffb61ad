"""Pocket-TTS: any voice on the CPU, in seven languages; the usual engine for cloned voices."""

from collections.abc import Sequence

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.declaration import (
    Declaration,
    Environment,
    Licence,
    ReferenceNeeds,
    Weights,
)
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.backends.pocket.catalogue import USUAL, needed
from wyoming_voiceclone.backends.pocket.settings import PocketSettings


def _make(settings: PocketSettings, folders: Folders) -> Backend:
    from wyoming_voiceclone.backends.pocket.backend import PocketBackend  # noqa: PLC0415

    return PocketBackend(settings, folders)


def _weights(settings: PocketSettings) -> Sequence[Weights]:
    if settings.model:
        return ()
    names = list(settings.chosen.values())
    return needed(names, cloning=settings.cloning, voices=settings.own_voices)


ENGINE = Engine(
    "pocket",
    PocketSettings,
    _make,
    Declaration(
        title="Pocket-TTS",
        about="any voice, fast on an ordinary processor, in seven languages",
        languages=tuple(USUAL),
        rate=24_000,
        licence=Licence("MIT", url="https://github.com/kyutai-labs/pocket-tts"),
        reference=ReferenceNeeds(least_s=3, most_s=30),
        memory_mb=1_100,
    ),
    environment=Environment(requirements=("torch==2.13.0", "pocket-tts==4.0.1")),
    weights=_weights,
)

__all__ = ["ENGINE", "PocketSettings"]
