"""XTTS v2: clones anybody from a few seconds, in 17 languages; for private use."""

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
from wyoming_voiceclone.backends.xtts.languages import LANGUAGES
from wyoming_voiceclone.backends.xtts.settings import XttsSettings

LEAST_S, MOST_S = 3, 30
"""Of a recording: it is said to clone from 3 s, and hears 30 s at most (its `max_ref_len`)."""
RATE = 24_000

_COMMIT = "6c2b0d75eae4b7047358e3b6bd9325f857d43f77"  # v2.0.3, the last one
WEIGHTS = Weights(
    "coqui/XTTS-v2",
    ("config.json", "model.pth", "vocab.json", "speakers_xtts.pth"),
    Licence(
        "Coqui Public Model License 1.0.0",
        "Not for commercial use: neither the model nor anything that it says.",
        f"https://huggingface.co/coqui/XTTS-v2/blob/{_COMMIT}/LICENSE.txt",
        accept=True,
    ),
    _COMMIT,
)


def _make(settings: XttsSettings, folders: Folders) -> Backend:
    from wyoming_voiceclone.backends.faults import end_process  # noqa: PLC0415
    from wyoming_voiceclone.backends.weights import chosen  # noqa: PLC0415
    from wyoming_voiceclone.backends.xtts.backend import XttsBackend  # noqa: PLC0415

    weights = chosen(WEIGHTS, folders, "xtts", settings.model)
    return XttsBackend(settings, weights, broken=end_process)


def _weights(settings: XttsSettings) -> Sequence[Weights]:
    return () if settings.model else (WEIGHTS,)


ENGINE = Engine(
    "xtts",
    XttsSettings,
    _make,
    Declaration(
        title="XTTS v2",
        about="clones anybody from a few seconds in 17 languages; for private use only",
        languages=tuple(LANGUAGES),
        rate=RATE,
        licence=Licence("MPL-2.0"),
        reference=ReferenceNeeds(LEAST_S, MOST_S),
        memory_mb=3_000,
        device="gpu",
    ),
    Environment(
        (
            "torch==2.13.0",
            "torchaudio==2.11.0",
            "torchcodec==0.17.0",  # coqui-tts refuses to be imported without it
            "coqui-tts==0.28.0",
            "transformers==5.23.0",
            "six==1.17.0",  # coqui-tts forgot to ask for it
            "pypinyin==0.55.0",  # Chinese
            "cutlet==0.5.2",  # Japanese, with its dictionary
            "fugashi==1.5.2",
            "unidic-lite==1.0.8",
        )
    ),
    _weights,
)

__all__ = ["ENGINE", "XttsSettings"]
