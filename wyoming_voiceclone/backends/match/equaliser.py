"""Equaliser: a filter without delay between frequencies, another one for each frame."""

import numpy as np

from wyoming_voiceclone.backends.match.arrays import Floats, Tape
from wyoming_voiceclone.backends.match.envelope import to_bins

_HOPS = 4  # in a Hann window: its shifts add up to 2


class Equaliser:
    """Filters a stream; what comes out is as long as what went in."""

    def __init__(self, rate: int, hop: int) -> None:
        self._hop, self._half = hop, _HOPS * hop // 2
        self._window = 0.5 - 0.5 * np.cos(np.pi * np.arange(2 * self._half) / self._half)
        self._side = self._half  # 10 ms for the filter to ring, either way
        self._size = 2 * (self._half + self._side)
        self._to_bins = to_bins(rate, self._size)
        lead = self._half + self._side
        self._tape = Tape(lead)
        self._sum = Tape(lead)
        self._gains: list[Floats] = []
        self._frame = 0
        self._given = 0

    def feed(self, samples: Floats, gains: Floats) -> Floats:
        """Samples, and the log gains [frames, BANDS] that became known; what is ready."""
        self._tape.append(samples)
        self._sum.append(np.zeros(len(samples)))
        self._gains.extend(gains)
        enough = (self._tape.end - self._half - self._side) // self._hop - self._frame + 1
        count = max(0, min(len(self._gains), enough))
        if count:
            self._filter(np.stack(self._gains[:count]))
            del self._gains[:count]
        return self._ready()

    def _filter(self, gains: Floats) -> None:
        count, first = len(gains), self._frame * self._hop
        frames = self._tape.frames(first, count, self._hop, self._half)[:, :-1]
        wide = np.zeros((count, self._size))
        wide[:, self._side : self._side + 2 * self._half] = frames * self._window
        filtered = np.fft.irfft(np.fft.rfft(wide) * np.exp(gains @ self._to_bins), self._size)
        for n in range(count):
            begin = first + n * self._hop - self._half - self._side
            self._sum.read(begin, begin + self._size)[:] += filtered[n] / (_HOPS / 2)
        self._frame += count

    def _ready(self) -> Floats:
        until = max(self._given, self._frame * self._hop - self._half - self._side)
        ready = self._sum.read(self._given, until).copy()
        self._given = until
        self._sum.forget(until)
        self._tape.forget(self._frame * self._hop - self._half)
        return ready
