"""Pace: how soon and how fast a backend speaks as a voice, learnt from what it did."""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from itertools import accumulate
from operator import mul

from wyoming_voiceclone.aio import now

KNOWN = 3
"""So many measurements tell something."""
_SIZE = 64
_HALF_LIFE_S = 600.0
"""After so long a measurement counts half as much as a new one."""
_NEAR = 0.1
"""How much a difference in load counts: under one sentence more, a tenth."""
_COLD_S = 600.0
"""Unused for so long, a model may have to be loaded again."""
_SHORT_CHARS, _USUAL_CHARS = 20, 60

Clock = Callable[[], float]


class Window:
    """The last 64 measurements, each with the load it was made under; odd values are left out."""

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock
        self._measured: deque[tuple[float, float, int]] = deque(maxlen=_SIZE)
        self._sorted: dict[int | None, tuple[list[float], list[float]]] = {}

    def __len__(self) -> int:
        return len(self._measured)

    @property
    def age_s(self) -> float:
        """Since the last one; infinite before the first."""
        return self._clock() - self._measured[-1][1] if self._measured else math.inf

    def add(self, value: float, load: int = 0) -> None:
        """Take in a measurement of seconds (or a ratio)."""
        if math.isfinite(value) and value >= 0:
            self._measured.append((value, self._clock(), max(0, load)))
            self._sorted.clear()

    def quantile(self, share: float, load: int | None = None) -> float | None:
        """What this share of them did not exceed; None before the first.

        New ones count more, and those under a similar `load`. Under a load never seen
        all have to share what is there.
        """
        if not self._measured:
            return None
        if load not in self._sorted:
            self._sorted[load] = self._weighted(load)
        values, upto = self._sorted[load]
        at = min(bisect_left(upto, share * upto[-1]), len(values) - 1)
        return values[at] * self._crowding(load)

    def _weighted(self, load: int | None) -> tuple[list[float], list[float]]:
        """The values in order, and the weight of each with all before it.

        Ages count from the newest: what is weighed stays true until there is another one.
        """
        newest = self._measured[-1][1]
        measured = sorted(self._measured)
        weights = [math.exp2((at - newest) / _HALF_LIFE_S) for _, at, _ in measured]
        if load is not None:
            apart = [_NEAR / (_NEAR + (n - load) ** 2) for _, _, n in measured]
            weights = list(map(mul, weights, apart))
        return [value for value, _, _ in measured], list(accumulate(weights))

    def _crowding(self, load: int | None) -> float:
        most = max([n for _, _, n in self._measured])
        return 1.0 if load is None or load <= most else (1 + load) / (1 + most)


class Pace:
    """One backend, speaking as one voice (or as anybody)."""

    def __init__(self, clock: Clock = now, *, streams: bool = True) -> None:
        """`streams`: whether the first chunk comes before the sentence is computed whole."""
        self.firsts = Window(clock)
        """Seconds to the first chunk, of a sentence of usual length."""
        self.gaps = Window(clock)
        """Longest wait for a chunk in each sentence, seconds."""
        self.speeds = Window(clock)
        """Seconds waited for a second of audio: the real-time factor, as a listener sees it."""
        self._streams = streams

    @property
    def is_known(self) -> bool:
        return len(self.firsts) >= KNOWN

    @property
    def is_cold(self) -> bool:
        return self.firsts.age_s > _COLD_S

    def began(self, seconds: float, chars: int, load: int = 0) -> None:
        """A first chunk came, or did not come, within so long."""
        self.firsts.add(seconds / self._length(chars), load)

    def first_s(self, share: float, chars: int, load: int = 0) -> float | None:
        """The first chunk of such a sentence comes within so long, in this share of cases."""
        found = self.firsts.quantile(share, load) if self.is_known else None
        return None if found is None else found * self._length(chars)

    def _length(self, chars: int) -> float:
        """How long a sentence is for whoever computes it whole, beside a usual one."""
        return 1.0 if self._streams else max(chars, _SHORT_CHARS) / _USUAL_CHARS
