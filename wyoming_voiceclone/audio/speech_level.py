"""Speech level: how loud somebody speaks while they speak, pauses left out."""

import math
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk

_FRAME_S = 0.05
_SILENCE = 1e-7
"""Mean square of a frame in which nobody speaks: -70 dBFS, as in ITU-R BS.1770."""
_GATE = 0.05
"""Frames 13 dB below the mean are pauses, not speech."""
_SHORTEST_S = 0.1
_LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class SpeechLevel:
    """RMS of the active speech and its highest sample, dBFS; how long it was."""

    level_db: float
    peak_db: float
    seconds: float


class SpeechMeter:
    """Measures a run of speech, chunk by chunk; how it is cut does not matter."""

    def __init__(self, rate: int) -> None:
        self._frame = round(_FRAME_S * rate)
        self._rest: Chunk = np.zeros(0, np.float32)
        self._peak = 0.0
        self._powers: list[float] = []

    def feed(self, chunk: Chunk) -> None:
        if not len(chunk) or len(self._powers) * _FRAME_S > _LONGEST_S:
            return
        self._peak = max(self._peak, float(np.abs(chunk).max()))
        samples = np.concatenate([self._rest, chunk])
        whole = len(samples) // self._frame * self._frame
        self._rest = samples[whole:]
        frames = samples[:whole].reshape(-1, self._frame).astype(np.float64)
        self._powers.extend(np.square(frames).mean(axis=1))

    def level(self) -> SpeechLevel | None:
        """What was measured; None where there was too little speech to tell."""
        powers = np.array(self._powers)
        audible = powers[powers > _SILENCE]
        active = audible[audible > audible.mean() * _GATE] if len(audible) else audible
        seconds = len(active) * _FRAME_S
        if seconds < _SHORTEST_S:
            return None
        return SpeechLevel(10 * math.log10(active.mean()), 20 * math.log10(self._peak), seconds)
