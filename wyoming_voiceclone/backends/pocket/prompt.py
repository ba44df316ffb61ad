"""The part of a recording that Pocket-TTS listens to."""

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.errors import BadRecording
from wyoming_voiceclone.voices import Reference

LEAST_S = 3.0
_FRAME_S = 0.02
_FLOOR = 10 ** (-35 / 10)
"""Quieter than the loudest frame by this (power) is a pause: `end_on_pause` in pocket-tts."""
_LEAD_S = 0.1
"""Left of the silence before the first word."""
_SEARCH_S = 3.0
"""So much of the end may be given up in order to end between two words."""


def listened_to(reference: Reference, rate: int, most_s: float) -> Chunk:
    """From the first word on, up to a pause within `most_s`. Raises BadRecording."""
    heard = Resampler(reference.rate, rate)
    samples = np.concatenate([heard.feed(reference.samples), heard.finish()])
    frame = round(_FRAME_S * rate)
    power = np.square(samples[: len(samples) // frame * frame].reshape(-1, frame)).mean(1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * _FLOOR)
    seconds = (loud[-1] + 1 - loud[0]) * _FRAME_S if len(loud) else 0.0
    if seconds < LEAST_S:
        raise BadRecording(
            f"{seconds:.1f} s from the first word to the last, need {LEAST_S:.0f} s — "
            f"record some sentences, 10 s are best"
        )
    first = max(0, loud[0] - round(_LEAD_S / _FRAME_S))
    last = _end(power, first, loud[-1] + 1, round(most_s / _FRAME_S))
    return samples[first * frame : last * frame]


def _end(power: Chunk, first: int, last: int, most: int) -> int:
    """A prompt that ends inside a word makes the model finish that word first."""
    if last - first <= most:
        return last
    search = min(most, round(_SEARCH_S / _FRAME_S))
    about = power[first + most - search : first + most]
    # 100 ms of quiet are a pause, 20 ms are a plosive
    smooth = np.convolve(about, np.ones(5, np.float32), "same")
    return first + most - search + int(np.argmin(smooth)) + 1
