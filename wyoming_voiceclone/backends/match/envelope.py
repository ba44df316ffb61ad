"""Spectral envelopes: what the vocal tract does, freed from pitch, on a mel axis.

The window and the smoothing follow the pitch: Morise (2015), "CheapTrick, a spectral envelope
estimator for high-quality speech synthesis".
"""

import functools
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.backends.match.arrays import Floats

BANDS = 64
"""Points of an envelope on the mel axis."""
ORDER = 25
"""Cepstral coefficients kept; number 0 is the level."""
TOP_HZ = 7_600.0
"""Highest frequency looked at: just below what recordings at 16 kHz hold."""
UNVOICED_HZ = 300.0
"""The resolution where there is no pitch: windows of 10 ms, smoothed over 200 Hz."""

_LOWEST_HZ = 71.0  # the widest window of CheapTrick
_Q1 = -0.15  # CheapTrick's spectral recovery
_FLOOR = 1e-9
_ABOVE_PITCH_HZ = 600.0


def _mel(hz: Floats) -> Floats:
    return 1127.0 * np.log1p(hz / 700.0)


def _bands_hz() -> Floats:
    mels = np.linspace(_mel(np.array(40.0)), _mel(np.array(TOP_HZ)), BANDS)
    return 700.0 * np.expm1(mels / 1127.0)


BANDS_HZ = _bands_hz()


def decoding() -> Floats:
    """Cosines [ORDER, BANDS], orthonormal: cepstra @ decoding = log envelope."""
    k, n = np.arange(ORDER)[:, None], np.arange(BANDS)
    cosines: Floats = np.sqrt(2 / BANDS) * np.cos(np.pi * k * (n + 0.5) / BANDS)
    cosines[0] /= np.sqrt(2)
    return cosines


def to_bins(rate: int, size: int) -> Floats:
    """[BANDS, bins of an FFT]: linear interpolation; beyond the outer bands, as these."""
    hz = np.fft.rfftfreq(size, 1 / rate)
    return np.stack([np.interp(hz, BANDS_HZ, row) for row in np.eye(BANDS)])


@dataclass(frozen=True, slots=True)
class EnvelopeAnalyser:
    """Envelopes of frames of 2 * `half` + 1 samples at `rate`."""

    rate: int

    @property
    def half(self) -> int:
        return int(1.5 * self.rate / _LOWEST_HZ)

    @property
    def _size(self) -> int:
        return 1 << (2 * self.half).bit_length()

    def log_envelopes(self, frames: Floats, f0: Floats) -> Floats:
        """Log amplitude [frames, BANDS]; `f0` in Hz, 0 = unvoiced."""
        hz = np.where(f0 > 0, np.maximum(f0, _LOWEST_HZ), UNVOICED_HZ)[:, None]
        spectrum = np.fft.rfft(self._windowed(frames, hz), self._size)
        power = spectrum.real**2 + spectrum.imag**2
        smooth = self._smoothed(self._mirrored(power, hz), hz)
        cepstrum = np.fft.irfft(np.log(smooth + _FLOOR), self._size)
        lifted = cepstrum[:, : self._size // 2 + 1] * self._lifter(hz)
        envelopes: Floats = 0.5 * lifted @ _cosines(self.rate, self._size)
        return envelopes

    def _windowed(self, frames: Floats, hz: Floats) -> Floats:
        time = np.arange(-self.half, self.half + 1) / (1.5 * self.rate) * hz
        window = np.where(np.abs(time) < 1, 0.5 + 0.5 * np.cos(np.pi * time), 0.0)
        window /= np.sqrt(np.square(window).sum(axis=1, keepdims=True))
        weighted = frames * window
        mean = weighted.sum(axis=1, keepdims=True) / window.sum(axis=1, keepdims=True)
        windowed: Floats = weighted - window * mean
        return windowed

    def _mirrored(self, power: Floats, hz: Floats) -> Floats:
        """Below the fundamental, where there is no harmonic, what lies as far above zero."""
        step = self.rate / self._size
        bins = np.arange(int(_ABOVE_PITCH_HZ / step) + 1)
        below = bins * step < hz
        source = np.clip(hz / step - bins, 0, None)
        low = source.astype(np.int64)
        part = source - low
        rows = np.arange(len(power))[:, None]
        copied = power[rows, low] * (1 - part) + power[rows, low + 1] * part
        power[:, : len(bins)] += np.where(below, copied, 0.0)
        return power

    def _smoothed(self, power: Floats, hz: Floats) -> Floats:
        """The mean over two thirds of the pitch around each bin."""
        step = self.rate / self._size
        reach = int(_ABOVE_PITCH_HZ / step) + 2
        wide = np.pad(power, ((0, 0), (reach, reach)), mode="reflect")
        sums = np.cumsum(wide, axis=1)
        half = hz / 3 / step
        return (
            _at(sums, reach - 0.5 + half, power.shape[1])
            - _at(sums, reach - 0.5 - half, power.shape[1])
        ) / (2 * half)

    def _lifter(self, hz: Floats) -> Floats:
        quefrency = np.arange(self._size // 2 + 1) / self.rate * hz
        lifter: Floats = np.sinc(quefrency) * (
            1 - 2 * _Q1 + 2 * _Q1 * np.cos(2 * np.pi * quefrency)
        )
        return lifter


def _at(sums: Floats, offset: Floats, count: int) -> Floats:
    """sums[row, n + offset[row]] for n < count, between the samples; [rows, count]."""
    whole = np.floor(offset).astype(np.int64)
    part = offset - whole
    index = whole + np.arange(count)
    rows = np.arange(len(sums))[:, None]
    value: Floats = sums[rows, index] * (1 - part) + sums[rows, index + 1] * part
    return value


@functools.lru_cache(maxsize=8)
def _cosines(rate: int, size: int) -> Floats:
    """[quefrencies, BANDS]: the spectrum of an even cepstrum, at the bands only."""
    quefrency = np.arange(size // 2 + 1)[:, None] / rate
    twice = np.full(size // 2 + 1, 2.0)
    twice[[0, -1]] = 1.0
    cosines: Floats = twice[:, None] * np.cos(2 * np.pi * quefrency * BANDS_HZ)
    return cosines
