"""Kyutai's cloning encoder, for those who have it: a Mimi that was trained to hear persons."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.audio.speech_level import SpeechMeter
from wyoming_voiceclone.backends.kyutai.speaker import SHAPE, Latents
from wyoming_voiceclone.errors import BadRecording, ConfigError
from wyoming_voiceclone.voices import Reference

RATE = 24_000
LEAST_S = 3.0
"""Shorter ones are nobody's manner of speaking; the model was trained with 10 s."""
MOST_S = 10.0
_LEVEL_DB = -22.0
"""The predefined voices were levelled so: README of kyutai/tts-voices, `--loudness-headroom 22`."""
_PEAK = 0.99
_CODEBOOKS = 16
"""moshi's scripts/tts_make_voice.py."""


def check_encoder(file: Path, signature: str) -> None:
    """Whether the encoder was trained with the model of that signature. Blocks.

    Raises ConfigError. Voices of another encoder have the right shape, and sound garbled.
    """
    setting = "mimi_voice_weight in [engines.kyutai]"
    found = _signature(file, setting)
    if not found:
        raise ConfigError(
            f"{file}: it does not say which model it is for — "
            f"set {setting} to {signature.replace('@', '_')}_mimi_voice.safetensors"
        )
    if found != signature:
        raise ConfigError(
            f"{file}: it is for the model {found}, and this one is {signature} — "
            f"set {setting} to the encoder of {signature}"
        )


def prepared(reference: Reference) -> Chunk:
    """The first 10 s at 24 kHz and at the level the model knows, shape [240000]. Blocks.

    Raises BadRecording.
    """
    if reference.seconds < LEAST_S:
        fact = f"{reference.seconds:.1f} s are too short for Kyutai TTS"
        raise BadRecording(f"{fact} — record at least {LEAST_S:.0f} s, {MOST_S:.0f} s are best")
    resampler = Resampler(reference.rate, RATE)
    heard = reference.samples[: round(MOST_S * reference.rate)]
    sound = np.concatenate((resampler.feed(heard), resampler.finish()))[: round(MOST_S * RATE)]
    meter = SpeechMeter(RATE)
    meter.feed(sound)
    if (level := meter.level()) is None:
        raise BadRecording("nobody is heard in the recording — record again, closer")
    sound = np.clip(sound * 10 ** ((_LEVEL_DB - level.level_db) / 20), -_PEAK, _PEAK)
    return np.pad(sound, (0, round(MOST_S * RATE) - len(sound))).astype(np.float32)


class Encoder:
    """Making one loads it. Blocks."""

    def __init__(self, file: Path, codec: dict[str, Any] | None) -> None:
        """`codec` is the configuration of the model's own codec; None = the published one."""
        from moshi.models import loaders  # noqa: PLC0415 -- slow, and seldom needed

        config = copy.deepcopy(codec or loaders._mimi_config)  # noqa: SLF001 -- the only place
        config["quantizer"]["n_q"] = _CODEBOOKS
        self._mimi = loaders.get_mimi(file, config, num_codebooks=_CODEBOOKS)

    def latents(self, sound: Chunk) -> Latents:
        """Of 10 s, shape [240000]."""
        import torch  # noqa: PLC0415

        with torch.no_grad():
            heard = self._mimi.encode_to_latent(torch.from_numpy(sound)[None, None], quantize=False)
        return np.asarray(heard.numpy(), np.float32).reshape(SHAPE)


def _signature(file: Path, setting: str) -> str:
    """`sig@epoch`, from what is written in the file, else from its name; "" = neither says."""
    try:
        with safe_open(file, "numpy") as tensors:
            notes = tensors.metadata() or {}
    except (OSError, SafetensorError) as error:
        fact = "it is not there" if isinstance(error, FileNotFoundError) else str(error)
        raise ConfigError(f"{file}: {fact} — put right {setting}, or leave it out") from None
    if "sig" in notes and "epoch" in notes:
        return f"{notes['sig']}@{notes['epoch']}"
    sig, _, rest = file.name.partition("_")
    epoch = rest.removesuffix("_mimi_voice.safetensors")
    return f"{sig}@{epoch}" if rest != epoch and epoch.isdigit() else ""
