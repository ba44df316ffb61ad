"""How many may be spoken to at once within the memory that is given."""

import math
from pathlib import Path
from typing import Any

import safetensors
from pocket_tts.utils.config import CONFIGS_DIR, load_config

from wyoming_voiceclone.backends.pocket.files import ModelFiles
from wyoming_voiceclone.backends.pocket.settings import PocketSettings
from wyoming_voiceclone.errors import BackendUnavailable, ConfigError

_PROCESS_MB = 400
"""Python, torch and pocket-tts without any model, and what a model leaves behind (measured)."""
_WORKING_MB = 15
"""Between the layers of a model that speaks (measured)."""
_TEXT_POSITIONS, _SENTENCE_FRAMES = 50, 234
"""The longest part of a text, and what it takes to say it at the slowest (`model.py`)."""
_FLOAT = 4


def listeners(settings: PocketSettings, files: tuple[ModelFiles, ...]) -> int:
    """Blocks. Raises ConfigError when not even one fits, BackendUnavailable for broken weights."""
    weights_mb = sum(_weights_mb(one.weights) for one in files)
    stream_mb = max(_stream_mb(one.name, settings.reference_s) for one in files)
    most = (settings.memory_mb - _PROCESS_MB - weights_mb) / stream_mb
    if most < 1:
        least = math.ceil(_PROCESS_MB + weights_mb + stream_mb)
        raise ConfigError(
            f"[engines.pocket] memory_mb is {settings.memory_mb}, {len(files)} models need {least} "
            f"— raise it, or speak fewer languages or with smaller models"
        )
    return min(settings.listeners, int(most))


def _weights_mb(path: Path) -> float:
    """As float32, whatever the file holds."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            names = file.keys()
            floats = sum(math.prod(file.get_slice(name).get_shape()) for name in names)
    except (OSError, safetensors.SafetensorError) as error:
        raise BackendUnavailable(
            f"{path} cannot be read ({error}) — run `wyoming-voiceclone engines install pocket`"
        ) from error
    return float(floats * _FLOAT / 1e6)


def _stream_mb(name: str, reference_s: float) -> float:
    """The keys and values of one sentence at its longest, in both transformers."""
    about = load_config(CONFIGS_DIR / f"{name}.yaml")
    mimi = about.mimi
    prompt = reference_s * mimi.frame_rate + 2
    positions = prompt + _TEXT_POSITIONS + _SENTENCE_FRAMES
    ratios = (mimi.decoder_seanet or mimi.seanet).ratios
    steps = mimi.sample_rate / math.prod(ratios) / mimi.frame_rate
    flow = _position_floats(about.flow_lm.transformer.model_dump()) * positions
    decoder = _position_floats((mimi.decoder_transformer or mimi.transformer).model_dump())
    return float(_WORKING_MB + (flow + decoder * steps * _SENTENCE_FRAMES) * _FLOAT / 1e6)


def _position_floats(transformer: dict[str, Any]) -> float:
    """Keys and values of one position."""
    width = transformer.get("attn_dim") or transformer["d_model"]
    heads = transformer["num_heads"]
    shared = (transformer.get("num_kv_heads") or heads) / heads
    return 2 * float(transformer["num_layers"] * width * shared)
