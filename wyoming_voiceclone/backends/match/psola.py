"""PSOLA: another pitch, the same words at the same time.

Grains of two periods are cut out around pitch marks and laid down at the new distance: Moulines and
Charpentier (1990), "Pitch-synchronous waveform processing techniques".
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.backends.match.arrays import Floats, Tape

_UNVOICED_S = 0.004  # between marks where there is no pitch
_SEARCH = 0.2  # of a period, around where the next mark is expected
_ON_PEAK = 0.3  # how much a mark likes to lie on a peak, against looking like the last one
_TAPS = 16  # of the sinc that lays a grain between two samples
_LONGEST_S = 1 / 55


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where a grain is cut out; `stretch` is new period / old period, 0 = unvoiced."""

    at: int
    stretch: float


class PitchShifter:
    """What comes out is as long as what went in, and does not depend on how it was cut."""

    def __init__(self, rate: int, hop: int) -> None:
        self._rate, self._hop = rate, hop
        self._longest = math.ceil(_LONGEST_S * rate)
        self._unvoiced = round(_UNVOICED_S * rate)
        lead = 4 * self._longest
        self._tape = Tape(lead)
        self._laid = Tape(lead)
        self._f0: deque[tuple[float, float]] = deque()
        self._first_frame = 0
        self._marks: deque[Mark] = deque([Mark(-2 * self._unvoiced, 0), Mark(-self._unvoiced, 0)])
        self._polarity = 1.0
        self._next = float(-self._unvoiced)
        self._given = 0

    def feed(self, samples: Floats, f0: Floats, new_f0: Floats) -> Floats:
        """Samples, and the frames (old and new pitch, Hz) that became known; what is ready."""
        self._tape.append(samples)
        self._laid.append(np.zeros(len(samples)))
        self._f0.extend(zip(f0.tolist(), new_f0.tolist(), strict=True))
        while self._can_mark():
            self._marks.append(self._next_mark())
        while self._lay():
            pass
        return self._ready()

    def _pitch(self, at: int) -> tuple[float, float]:
        return self._f0[max(0, round(at / self._hop) - self._first_frame)]

    def _can_mark(self) -> bool:
        at, known = self._marks[-1].at, (self._first_frame + len(self._f0) - 1) * self._hop
        if known <= at + self._unvoiced:
            return False
        f0, _ = self._pitch(at)
        reach = (1 + _SEARCH) * self._rate / f0 if f0 else self._unvoiced
        return known > at + reach + 1 and self._tape.end > at + reach + self._longest

    def _next_mark(self) -> Mark:
        last = self._marks[-1]
        f0, _ = self._pitch(last.at)
        at = last.at + self._unvoiced
        if f0 > 0:
            at = self._following(last, self._rate / f0)
        f0, new_f0 = self._pitch(at)
        if f0 == 0:
            return Mark(at, 0)
        if last.stretch == 0:
            at = self._onset(last.at, self._rate / f0)
        return Mark(at, f0 / new_f0)

    def _onset(self, after: int, period: float) -> int:
        """The first mark of a voiced run: its highest peak, whichever side is the higher."""
        begin = after + self._unvoiced // 2
        piece = self._tape.read(begin, begin + round(period))
        peak = int(np.abs(piece).argmax())
        self._polarity = 1.0 if piece[peak] >= 0 else -1.0
        return begin + peak

    def _following(self, last: Mark, period: float) -> int:
        half, reach = round(period / 2), max(1, round(_SEARCH * period))
        expected = last.at + round(period)
        template = self._tape.read(last.at - half, last.at + half + 1)
        area = self._tape.read(expected - reach - half, expected + reach + half + 1)
        likeness = np.correlate(area, template)
        squares = np.concatenate([[0.0], np.cumsum(np.square(area))])
        energy = squares[len(template) :] - squares[: -len(template)]
        likeness = likeness / np.sqrt(np.maximum(energy * template.dot(template), 1e-12))
        middle = area[half:-half] * self._polarity
        height = middle / max(float(np.abs(middle).max()), 1e-9)
        return expected - reach + int((likeness + _ON_PEAK * height).argmax())

    def _lay(self) -> bool:
        """Lay the next grain down; False while its marks are not known."""
        marks = self._marks
        while len(marks) > 2 and abs(marks[2].at - self._next) <= abs(marks[1].at - self._next):
            if len(marks) < 4:
                return False
            marks.popleft()
        if len(marks) < 4:
            return False
        before, mark, after = marks[0], marks[1], marks[2]
        if mark.stretch == 0:
            return self._lay_unvoiced(before, mark, after)
        self._lay_grain(before, mark, after, self._next)
        self._next += (after.at - mark.at) * mark.stretch
        return True

    def _lay_unvoiced(self, before: Mark, mark: Mark, after: Mark) -> bool:
        self._lay_grain(before, mark, after, float(mark.at))
        self._next = float(after.at) if after.stretch == 0 else max(float(after.at), self._next)
        self._marks.popleft()
        return True

    def _lay_grain(self, before: Mark, mark: Mark, after: Mark, at: float) -> None:
        grain = self._tape.read(before.at, after.at + 1) * _window(
            mark.at - before.at, after.at - mark.at
        )
        if mark.stretch:
            grain = grain * math.sqrt(mark.stretch)  # the power stays
        whole = math.floor(at)
        begin = whole - (mark.at - before.at)
        if at != whole:
            grain = np.convolve(grain, _sinc(at - whole))
            begin -= _TAPS // 2 - 1
        self._laid.read(begin, begin + len(grain))[:] += grain

    def _ready(self) -> Floats:
        until = max(self._given, math.floor(self._next) - self._longest - _TAPS)
        ready = self._laid.read(self._given, until).copy()
        self._given = until
        self._laid.forget(until - self._longest)
        oldest = min(self._marks[0].at, until) - 2 * self._longest
        self._tape.forget(oldest)
        while self._first_frame < oldest // self._hop and len(self._f0) > 1:
            self._f0.popleft()
            self._first_frame += 1
        return ready


def _window(left: int, right: int) -> Floats:
    rising = 0.5 - 0.5 * np.cos(np.pi * np.arange(left) / left)
    falling = 0.5 + 0.5 * np.cos(np.pi * np.arange(right + 1) / right)
    return np.concatenate([rising, falling])


def _sinc(part: float) -> Floats:
    """Moves a signal `part` of a sample later."""
    n = np.arange(_TAPS) - (_TAPS // 2 - 1) - part
    taps = np.sinc(n) * np.cos(np.pi * n / (_TAPS + 2)) ** 2
    unit: Floats = taps / taps.sum()
    return unit
