"""Sesame CSM-1B: a speech model that goes on talking as whoever it has just heard; English."""

from collections.abc import Sequence

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.csm.settings import CsmSettings
from wyoming_voiceclone.backends.declaration import (
    Declaration,
    Environment,
    Licence,
    ReferenceNeeds,
    Weights,
)
from wyoming_voiceclone.backends.engine import Engine, Folders

NEEDS = ReferenceNeeds(least_s=3, most_s=60, transcript="needed")
WEIGHTS = Weights(
    "sesame/csm-1b",
    # the same repository holds the weights twice more, for other programs: 12 GB that we leave
    (
        *("config.json", "generation_config.json", "preprocessor_config.json"),
        *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        *("chat_template.jinja", "transformers.safetensors.index.json"),
        "transformers-*.safetensors",
    ),
    Licence("Apache-2.0", url="https://huggingface.co/sesame/csm-1b"),
    revision="c92a71e1c419772e25be7dc14d952c2521a740ab",
    gated=True,
)


def _make(settings: CsmSettings, folders: Folders) -> Backend:
    from wyoming_voiceclone.backends.csm.backend import CsmBackend  # noqa: PLC0415
    from wyoming_voiceclone.backends.faults import end_process  # noqa: PLC0415

    return CsmBackend(settings, folders, broken=end_process)


def _weights(settings: CsmSettings) -> Sequence[Weights]:
    return () if settings.model else (WEIGHTS,)


ENGINE = Engine(
    "csm",
    CsmSettings,
    _make,
    Declaration(
        title="Sesame CSM",
        about="lively English in any voice, as if in conversation; needs a GPU and a transcript",
        languages=("en",),
        rate=24_000,
        licence=Licence("Apache-2.0", url="https://github.com/SesameAILabs/csm"),
        reference=NEEDS,
        memory_mb=4_500,
        device="gpu",
    ),
    environment=Environment(requirements=("torch==2.13.0", "transformers==5.23.0")),
    weights=_weights,
)

__all__ = ["ENGINE", "CsmSettings"]
