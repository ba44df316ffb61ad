"""Limiter: no sample beyond the ceiling, nothing below it touched."""

import numpy as np
import numpy.typing as npt

from wyoming_voiceclone.audio.chunk import Chunk

_Curve = npt.NDArray[np.float64]

_LOOK_AHEAD_S = 0.005
_RELEASE_DB_PER_S = 30.0
"""Slow enough not to follow the pitch (0.3 dB in 10 ms), back from 3 dB in a tenth of a second."""


class Limiter:
    """Turns a peak down before it arrives and back up slowly; delays nothing, holds 5 ms back.

    What comes out does not depend on how the stream was cut. All the arithmetic is elementwise on
    absolute sample positions, so that is true to the last bit.
    """

    def __init__(self, rate: int, ceiling: float) -> None:
        self._ceiling = ceiling
        self._doublings = max(1, int(_LOOK_AHEAD_S * rate).bit_length() - 1)
        self._ahead = 2**self._doublings - 1
        self._release = _RELEASE_DB_PER_S * np.log(10) / 20 / rate
        self._at = 0
        self._floor = 0.0
        """Running maximum of reduction + position * release."""
        self._samples: Chunk = np.zeros(self._ahead, np.float32)
        self._wanted: _Curve = np.zeros(self._ahead)
        self._gains: _Curve = np.ones(self._ahead)
        self._surplus = self._ahead
        """Samples before the first one, which only fill the windows."""

    def feed(self, chunk: Chunk) -> Chunk:
        """The samples whose surroundings are known by now; `chunk` is finite."""
        count = len(chunk)
        samples = np.concatenate([self._samples, chunk])
        self._samples = samples[count:]
        ready = samples[:count] * self._gain(chunk)
        skipped = min(self._surplus, count)
        self._surplus -= skipped
        return ready[skipped:]

    def finish(self) -> Chunk:
        """The samples held back."""
        return self.feed(np.zeros(self._ahead, np.float32))

    def _gain(self, chunk: Chunk) -> Chunk:
        """Gain of the samples now ready: ahead of a peak it glides down, after it up."""
        peaks = np.maximum(np.abs(chunk.astype(np.float64)) / self._ceiling, 1.0)
        wanted = np.concatenate([self._wanted, np.log(peaks)])
        self._wanted = wanted[len(chunk) :]
        gains = np.concatenate([self._gains, np.exp(-self._released(self._windowed_max(wanted)))])
        self._gains = gains[len(chunk) :]
        return self._windowed_mean(gains).astype(np.float32)

    def _released(self, wanted: _Curve) -> _Curve:
        """`wanted` held at its peaks and let go linearly in dB."""
        if not len(wanted):
            return wanted
        slope = (self._at + np.arange(len(wanted))) * self._release
        self._at += len(wanted)
        held = np.maximum(np.maximum.accumulate(wanted + slope), self._floor)
        self._floor = float(held[-1])
        released: _Curve = np.maximum(held - slope, wanted)
        return released

    def _windowed_max(self, curve: _Curve) -> _Curve:
        for step in (2**n for n in range(self._doublings)):
            curve = np.maximum(curve[:-step], curve[step:])
        return curve

    def _windowed_mean(self, curve: _Curve) -> _Curve:
        for step in (2**n for n in range(self._doublings)):
            curve = curve[:-step] + curve[step:]
        mean: _Curve = curve / 2**self._doublings
        return mean
