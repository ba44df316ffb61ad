"""The array types of Match, and a tape: the part of a stream that is still needed."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Tape:
    """Samples of a stream by their absolute position; before the start there is silence."""

    def __init__(self, lead: int) -> None:
        """Begins at position -`lead`."""
        self.start = -lead
        self._samples: Floats = np.zeros(lead)

    @property
    def end(self) -> int:
        return self.start + len(self._samples)

    def append(self, samples: Floats) -> None:
        self._samples = np.concatenate([self._samples, samples])

    def read(self, begin: int, end: int) -> Floats:
        """A view of [begin, end)."""
        assert self.start <= begin <= end <= self.end, "gone, or not yet there"  # noqa: S101
        return self._samples[begin - self.start : end - self.start]

    def frames(self, first: int, count: int, hop: int, half: int) -> Floats:
        """A view of `count` frames [count, 2 * half + 1] around `first` + n * `hop`."""
        whole = self.read(first - half, first + (count - 1) * hop + half + 1)
        return np.lib.stride_tricks.sliding_window_view(whole, 2 * half + 1)[::hop]

    def forget(self, before: int) -> None:
        if before - self.start > 4096:  # rarely: forgetting copies
            self._samples = self._samples[before - self.start :].copy()
            self.start = before
