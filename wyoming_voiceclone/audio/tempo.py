"""Speaking faster or slower at the same pitch, for voices that cannot be asked to.

WSOLA (Verhelst and Roelands 1993): overlapping frames, each taken where it continues the one
before it best.
"""

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk

_HOP_S = 0.02
"""Half a frame: long enough for the lowest voices' period."""
_SEARCH_S = 0.008
"""To either side: more than half a period of 70 Hz."""
_NOTHING: Chunk = np.zeros(0, np.float32)


class Tempo:
    """One stream, `speed` times as fast; 1.0 passes unchanged.

    What comes out does not depend on how the stream was cut.
    """

    def __init__(self, rate: int, speed: float) -> None:
        self._speed = speed
        self._hop, self._search = round(rate * _HOP_S), round(rate * _SEARCH_S)
        phase = np.arange(self._hop) / self._hop
        self._fade_in = (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)
        self._input = _NOTHING
        self._dropped = 0  # samples before those in `_input`
        self._came = 0
        self._given = 0
        self._frames = 0
        self._next = 0  # where the frame before would go on

    def feed(self, chunk: Chunk) -> Chunk:
        if self._speed == 1.0:
            return chunk
        self._came += len(chunk)
        self._input = np.concatenate((self._input, chunk))
        return self._moved()

    def finish(self) -> Chunk:
        """What was still held; the stream is over then."""
        if self._speed == 1.0:
            return _NOTHING
        left = round(self._came / self._speed) - self._given
        quiet = 2 * self._hop + 2 * self._search + round(left * self._speed)
        self._input = np.concatenate((self._input, np.zeros(max(0, quiet), np.float32)))
        return self._moved()[: max(0, left)]

    def _moved(self) -> Chunk:
        pieces = []
        while (wanted := self._wanted()) + self._search + 2 * self._hop <= self._end():
            if self._next + 2 * self._hop > self._end():
                break
            pieces.append(self._frame(wanted))
        self._given += self._hop * len(pieces)
        return np.concatenate(pieces) if pieces else _NOTHING

    def _frame(self, wanted: int) -> Chunk:
        """One hop: the frame before fades out while the best one near `wanted` fades in."""
        before = self._cut(self._next, self._hop)
        at = self._best(wanted) if self._frames else self._next
        fading = self._cut(at, self._hop)
        self._frames += 1
        self._next = at + self._hop
        keep = max(0, min(self._next, self._wanted() - self._search) - self._dropped)
        self._input, self._dropped = self._input[keep:], self._dropped + keep
        return before + self._fade_in * (fading - before)

    def _best(self, wanted: int) -> int:
        """The place whose sound is most like what would come next."""
        first = max(self._dropped, wanted - self._search)
        size = 2 * self._hop
        around = self._cut(first, wanted + self._search + size - first)
        likeness = np.correlate(around, self._cut(self._next, size), "valid")
        energy = np.cumsum(np.concatenate(([0.0], around.astype(np.float64) ** 2)))
        loudness = np.sqrt(energy[size:] - energy[:-size] + 1e-9)
        return first + int(np.argmax(likeness / loudness))

    def _wanted(self) -> int:
        return round(self._frames * self._hop * self._speed)

    def _end(self) -> int:
        return self._dropped + len(self._input)

    def _cut(self, start: int, size: int) -> Chunk:
        return self._input[start - self._dropped : start - self._dropped + size]
