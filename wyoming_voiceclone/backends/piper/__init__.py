"""Piper: neural voices on the CPU, heard before their sentence is computed."""

import os

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.declaration import Declaration, Licence
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.backends.piper.settings import PiperSettings, PiperVoiceSettings


def _make(settings: PiperSettings, folders: Folders) -> Backend:
    # onnxruntime sends usage data to its maker, and numbers the machine for it, unless told
    # before it is imported
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    from wyoming_voiceclone.backends.piper.backend import PiperBackend  # noqa: PLC0415

    return PiperBackend(settings, folders)


ENGINE = Engine(
    "piper",
    PiperSettings,
    _make,
    Declaration(
        title="Piper",
        about="natural voices in 45 languages, faster than speech on a Raspberry Pi",
        languages=(),
        rate=0,
        licence=Licence("GPL-3.0-or-later"),
        memory_mb=350,
    ),
)

__all__ = ["ENGINE", "PiperSettings", "PiperVoiceSettings"]
