"""Listening to a recording: what of it the model hears, or what is wrong with it."""

from typing import Any

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.backends.xtts import LEAST_S, MOST_S
from wyoming_voiceclone.errors import BadRecording
from wyoming_voiceclone.voices import Reference

REFERENCE_RATE = 22_050
_SILENCE = 1e-4  # peak: -80 dBFS
_SHORTEST_S = 0.33
"""Of a part; the library ignores shorter ones."""


def heard(reference: Reference) -> Chunk:
    """The first half minute at REFERENCE_RATE. Raises BadRecording. Blocks."""
    if reference.seconds < LEAST_S:
        raise BadRecording(
            f"the recording: {reference.seconds:.1f} s, need at least {LEAST_S} s — "
            "record again, longer"
        )
    samples = reference.samples[: round(MOST_S * reference.rate)]
    if not np.isfinite(samples).all():
        raise BadRecording("the recording: holds no sound but damaged samples — export it again")
    if np.abs(samples).max() < _SILENCE:
        raise BadRecording("the recording: silent — check the microphone and record again")
    resampler = Resampler(reference.rate, REFERENCE_RATE)
    return np.concatenate([resampler.feed(samples), resampler.finish()])


def levelled(samples: Chunk, config: Any) -> Chunk:
    """As loud as the model wants it: `config` is the library's, published with the weights."""
    if not config.sound_norm_refs:
        return samples
    loud: Chunk = samples * np.float32(0.75 / np.abs(samples).max())
    return loud


def parts(samples: Chunk, config: Any) -> list[Chunk]:
    """The parts from which it learns how somebody speaks; it takes their mean."""
    longest = round(config.gpt_cond_chunk_len * REFERENCE_RATE)
    whole = samples[: round(config.gpt_cond_len * REFERENCE_RATE)]
    cut = [whole[begin : begin + longest] for begin in range(0, len(whole), longest)]
    return [part for part in cut if len(part) >= _SHORTEST_S * REFERENCE_RATE]
