"""Analysis of a stream: pitch and envelope every 5 ms, whatever its pieces."""

from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.backends.match.arrays import Floats, Tape
from wyoming_voiceclone.backends.match.envelope import BANDS, EnvelopeAnalyser
from wyoming_voiceclone.backends.match.pitch import PitchTracker

FRAMES_PER_S = 200
BLOCK = 5
"""Frames analysed at once: 25 ms."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Consecutive frames, one per `hop` samples."""

    f0: Floats
    """[frames], Hz; 0 = unvoiced."""
    envelopes: Floats
    """Log amplitude, [frames, BANDS]."""

    @classmethod
    def joined(cls, parts: "list[Frames]") -> "Frames":
        return cls(
            np.concatenate([np.zeros(0), *(part.f0 for part in parts)]),
            np.concatenate([np.zeros((0, BANDS)), *(part.envelopes for part in parts)]),
        )


class Analyser:
    """Frame k lies around sample k * `hop`; the last ones, 100 ms or so, are still open."""

    def __init__(self, rate: int) -> None:
        self.hop = round(rate / FRAMES_PER_S)
        self._pitch, self._envelope = PitchTracker(rate), EnvelopeAnalyser(rate)
        self._tape = Tape(max(self._pitch.half, self._envelope.half))
        self._tracked = 0
        self._decided = 0

    def feed(self, samples: Floats) -> Frames:
        """The frames that these samples decide."""
        self._tape.append(samples)
        parts = []
        while self._tracked_until() < self._tape.end:
            parts.append(self._block())
        self._tape.forget((self._decided * self.hop) - self._envelope.half)
        return Frames.joined(parts)

    def _tracked_until(self) -> int:
        return (self._tracked + BLOCK - 1) * self.hop + self._pitch.half

    def _block(self) -> Frames:
        first = self._tracked * self.hop
        f0 = self._pitch.track(self._tape.frames(first, BLOCK, self.hop, self._pitch.half))
        self._tracked += BLOCK
        if not len(f0):
            return Frames.joined([])
        first, half = self._decided * self.hop, self._envelope.half
        frames = self._tape.frames(first, len(f0), self.hop, half)
        self._decided += len(f0)
        return Frames(f0, self._envelope.log_envelopes(frames, f0))


def analysed(samples: Floats, rate: int) -> Frames:
    """A whole recording."""
    analyser = Analyser(rate)
    silence = np.zeros(round(rate * 0.2))  # longer than what an analyser holds back
    frames = analyser.feed(np.concatenate([samples, silence]))
    count = -(-len(samples) // analyser.hop)
    return Frames(frames.f0[:count], frames.envelopes[:count])
