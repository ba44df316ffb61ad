"""How many may be spoken to at once within the memory that is given."""

import math
from pathlib import Path
from typing import Any

import safetensors
from pocket_tts.utils.config import CONFIGS_DIR, load_config

from wyoming_voiceclone.backends.pocket.files import ModelFiles
from wyoming_voiceclone.backends.pocket.settings import PocketSettings
from wyoming_voiceclone.errors import BackendUnavailable, ConfigError

_PROCESS_MB = 560
"""432 for Python, torch and pocket-tts, and 128 that listening to 10 s leaves behind (measured)."""
_WORKING_MB = 30
"""Between the layers of a model that speaks, for each who listens (measured: 15 to 25)."""
_TEXT_POSITIONS, _SENTENCE_FRAMES = 50, 234
"""The longest part of a text, and what it takes to say it at the slowest (`model.py`)."""
_FLOAT = 4
_STATE_MB = 64
"""A speaker state has to pass to a worker in one piece (`ExtensionLimits.state_bytes`)."""


def listeners(settings: PocketSettings, files: tuple[ModelFiles, ...]) -> int:
    """Blocks. Raises ConfigError when not even one fits, BackendUnavailable for broken weights."""
    _check_states(settings, files)
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
    prompt = _prompt_floats(about, reference_s)
    later = _TEXT_POSITIONS + _SENTENCE_FRAMES
    ratios = (mimi.decoder_seanet or mimi.seanet).ratios
    steps = mimi.sample_rate / math.prod(ratios) / mimi.frame_rate
    flow = prompt + _position_floats(about.flow_lm.transformer.model_dump()) * later
    decoder = _position_floats((mimi.decoder_transformer or mimi.transformer).model_dump())
    return float(_WORKING_MB + (flow + decoder * steps * _SENTENCE_FRAMES) * _FLOAT / 1e6)


def _check_states(settings: PocketSettings, files: tuple[ModelFiles, ...]) -> None:
    configs = [load_config(CONFIGS_DIR / f"{one.name}.yaml") for one in files]
    floats = sum(_prompt_floats(config, settings.reference_s) for config in configs)
    state_mb = floats * _FLOAT / 1e6
    if state_mb > _STATE_MB:
        raise ConfigError(
            f"[engines.pocket] {settings.reference_s:g} s of a voice in {len(files)} models take "
            f"{state_mb:.0f} MB, the limit is {_STATE_MB} — lower reference_s to "
            f"{settings.reference_s * _STATE_MB / state_mb:.1f}, or speak fewer languages"
        )


def _prompt_floats(about: Any, reference_s: float) -> float:
    """What is kept of a voice: the positions of its recording, its pause, and the beginning."""
    positions = reference_s * about.mimi.frame_rate + 3
    return _position_floats(about.flow_lm.transformer.model_dump()) * float(positions)


def _position_floats(transformer: dict[str, Any]) -> float:
    """Keys and values of one position."""
    width = transformer.get("attn_dim") or transformer["d_model"]
    heads = transformer["num_heads"]
    shared = (transformer.get("num_kv_heads") or heads) / heads
    return 2 * float(transformer["num_layers"] * width * shared)
