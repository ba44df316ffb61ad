"""Pitch: the fundamental frequency of each frame, decided a fixed number of frames late.

Candidates are the peaks of a normalised autocorrelation, and a path through them is chosen by
dynamic programming: Boersma (1993), "Accurate short-term analysis of the fundamental frequency".
"""

import numpy as np

from wyoming_voiceclone.backends.match.arrays import Floats

LOWEST_HZ, HIGHEST_HZ = 65.0, 550.0
LAG = 6
"""Frames that follow before a frame is decided; more changes less than 1 % of the frames."""

_PERIODS = 3  # of the lowest pitch in a window: what autocorrelation needs
_CANDIDATES = 5
# Costs of Boersma (1993), the two last for frames of 10 ms: halved ones come twice as often
_UNVOICED, _QUIET, _PER_OCTAVE = 0.5, 0.08, 0.01
_JUMP, _CHANGE = 0.7, 0.28
_DECAY = 0.999  # of the peak that a frame's level is held against: half in 3.5 s


class PitchTracker:
    """Takes frames of 2 * `half` + 1 samples in order; `f0` gives those that are decided."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.half = round(_PERIODS * rate / LOWEST_HZ / 2)
        window = np.hanning(2 * self.half + 3)[1:-1]
        self._window = window
        self._size = 1 << (2 * len(window) - 1).bit_length() - 1
        self._lags = round(rate / LOWEST_HZ) + 2
        self._shortest = int(rate / HIGHEST_HZ)
        correlation = self._correlation(window[None, :])[0]
        self._unbias = 1 / np.maximum(correlation / correlation[0], 1e-3)
        self._peak = 0.05
        self._path = _Path()

    def track(self, frames: Floats) -> Floats:
        """F0 in Hz of every frame that became decided, 0 = unvoiced; shape [<= frames]."""
        frames = frames - frames.mean(axis=1, keepdims=True)
        peaks = np.abs(frames).max(axis=1)
        correlation = self._correlation(frames * self._window)
        correlation = correlation / np.maximum(correlation[:, :1], 1e-12) * self._unbias
        hz, strength = self._candidates(correlation)
        decided = [
            self._path.step(hz[i], strength[i], self._unvoiced(float(peaks[i])))
            for i in range(len(frames))
        ]
        return np.array([f0 for f0 in decided if f0 is not None])

    def _correlation(self, frames: Floats) -> Floats:
        spectrum = np.fft.rfft(frames, self._size)
        power = spectrum.real**2 + spectrum.imag**2
        return np.fft.irfft(power, self._size)[:, : self._lags]

    def _candidates(self, r: Floats) -> tuple[Floats, Floats]:
        """The highest peaks of each frame, in Hz, and how strong; [frames, candidates]."""
        left, mid, right = r[:, :-2], r[:, 1:-1], r[:, 2:]
        is_peak = (mid > left) & (mid >= right) & (mid > 0.5 * _UNVOICED)
        is_peak[:, : self._shortest] = False
        lags = np.arange(1, r.shape[1] - 1)
        octave = _PER_OCTAVE * np.log2(LOWEST_HZ / self._rate * lags)
        scores = np.where(is_peak, mid - octave, -np.inf)
        best = np.argpartition(scores, -_CANDIDATES, axis=1)[:, -_CANDIDATES:]
        rows = np.arange(len(r))[:, None]
        a, b, c = left[rows, best], mid[rows, best], right[rows, best]
        curve = np.minimum(a - 2 * b + c, -1e-9)
        shift = np.clip(0.5 * (a - c) / curve, -0.5, 0.5)
        strength = np.minimum(b - 0.25 * (a - c) * shift, 1.0) - octave[best]
        strength[~is_peak[rows, best]] = -np.inf
        return self._rate / (best + 1 + shift), strength

    def _unvoiced(self, peak: float) -> float:
        self._peak = max(peak, self._peak * _DECAY)
        quiet = 2 - peak / self._peak / (_QUIET / (1 + _UNVOICED))
        return _UNVOICED + max(0.0, quiet)


class _Path:
    """The best path through the candidates so far; candidate 0 is 'unvoiced'."""

    def __init__(self) -> None:
        self._score = np.zeros(1)
        self._log2 = np.zeros(1)
        self._hz: list[Floats] = []
        self._back: list[list[int]] = []

    def step(self, hz: Floats, strength: Floats, unvoiced: float) -> float | None:
        """Take in a frame; the F0 of the frame LAG frames ago, None while there is none."""
        log2 = np.concatenate([[0.0], np.log2(hz)])
        cost = _JUMP * np.abs(log2[:, None] - self._log2)
        cost[0, :] = _CHANGE
        cost[:, 0] = _CHANGE
        cost[0, 0] = 0.0
        total = self._score - cost
        back = total.argmax(axis=1)
        score = total[np.arange(len(back)), back]
        score[0] += unvoiced
        score[1:] += strength
        self._score, self._log2 = score - score.max(), log2
        self._hz.append(np.concatenate([[0.0], hz]))
        self._back.append(back.tolist())
        return self._decided(int(score.argmax()))

    def _decided(self, state: int) -> float | None:
        if len(self._hz) <= LAG:
            return None
        for back in reversed(self._back[1:]):
            state = back[state]
        self._back.pop(0)
        return float(self._hz.pop(0)[state])
