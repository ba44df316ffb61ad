"""Kyutai TTS: English and French on a GPU, in predefined voices."""

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.declaration import Declaration, Environment, Licence
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.backends.kyutai.published import weights
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings


def _make(settings: KyutaiSettings, folders: Folders) -> Backend:
    from wyoming_voiceclone.backends.faults import end_process  # noqa: PLC0415
    from wyoming_voiceclone.backends.kyutai.backend import KyutaiBackend  # noqa: PLC0415

    return KyutaiBackend(settings, folders, broken=end_process)


ENGINE = Engine(
    "kyutai",
    KyutaiSettings,
    _make,
    Declaration(
        title="Kyutai TTS",
        about="lively English and French on a GPU, in voices that come with it",
        languages=("en", "fr"),
        rate=24_000,
        licence=Licence("MIT", url="https://github.com/kyutai-labs/moshi"),
        memory_mb=5300,
        device="gpu",
    ),
    environment=Environment(
        requirements=(
            "torch==2.13.0",
            "einops==0.8.2",
            "sentencepiece==0.2.3",
            "sphn==0.2.1",
        ),
        bare=("moshi==0.2.13",),
    ),
    weights=weights,
)

__all__ = ["ENGINE", "KyutaiSettings"]
