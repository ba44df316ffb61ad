"""Takeover: where a sentence broke off, and how the next voice goes on from there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import Timing
from wyoming_voiceclone.text.clauses import clause_starts
from wyoming_voiceclone.text.phonemes import spelled

FADE_S = 0.03
"""Both are heard for so long, so that no edge is."""
_WORD = re.compile(r"\[\[[^\[\]]*\]\]|\S+")
_CHARACTERS_PER_S = 14.0
"""Of unhurried speech in Latin letters, where no alignment tells."""
_LEAD_S = 0.5
"""Of silence before the first word, at most so much is skipped."""
_QUIET = 0.01
"""Of the full scale, what counts as silence."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence broke off."""

    text: str
    """What is left to say, from the word reached on."""
    share: float = 0.0
    """How much of its first word was heard already, 0 to 1."""

    def skip_s(self, timings: Sequence[Timing]) -> float:
        """Where whoever says `text` gets to that place, by its own alignment."""
        if not timings:
            return 0.0
        word = timings[0]
        return word.start_s + self.share * (word.end_s - word.start_s)


def reached(
    text: str, timings: Sequence[Timing], heard_s: float, speed: float = 1.0
) -> Place | None:
    """The place in `text` after `heard_s` of it; None when everything was said.

    Without an alignment it is the start of the clause, by the usual pace.
    """
    words = [mark for mark in _WORD.finditer(text) if _letters(mark[0])]
    if not timings:
        return Place(text[_clause(text, heard_s * _CHARACTERS_PER_S * speed) :])
    heard = [timing for timing in timings if timing.end_s <= heard_s]
    letters = sum(_letters(timing.text) for timing in heard)
    for mark in words:
        if letters < _letters(mark[0]):
            return Place(text[mark.start() :], _share(timings, len(heard), heard_s))
        letters -= _letters(mark[0])
    return None


class Joint:
    """Holds back the last moment of the sound, so that another one can be faded into it."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._held = self._going = np.zeros(0, np.float32)
        self._skip = 0
        self._trims = False

    @property
    def held_s(self) -> float:
        return len(self._held) / self._rate

    def feed(self, chunk: Chunk) -> Chunk:
        """What may be heard now."""
        sound = np.concatenate([self._held, self._entered(chunk)])
        if len(sound) < len(self._going):
            self._held = sound
            return sound[:0]
        sound = self._faded(sound)
        heard = max(0, len(sound) - round(FADE_S * self._rate))
        self._held = sound[heard:]
        return sound[:heard]

    def cross(self, skip_s: float) -> None:
        """What comes from now on is another voice's: without its beginning, faded in.

        0: its beginning is what is quiet in it.
        """
        self._trims = skip_s == 0
        self._skip = round((skip_s or _LEAD_S) * self._rate)
        self._going, self._held = self._held, self._held[:0]

    def finish(self) -> Chunk:
        """The rest."""
        missing = np.zeros(max(0, len(self._going) - len(self._held)), np.float32)
        rest = self._faded(np.concatenate([self._held, missing]))
        self._held = rest[:0]
        return rest

    def _entered(self, chunk: Chunk) -> Chunk:
        """The chunk without what is skipped."""
        gone = min(self._skip, len(chunk))
        if self._trims and (loud := np.flatnonzero(np.abs(chunk[:gone]) > _QUIET)).size:
            gone = self._skip = int(loud[0])
        self._skip -= gone
        return chunk[gone:]

    def _faded(self, sound: Chunk) -> Chunk:
        """The old sound going, the new one coming."""
        if size := len(self._going):
            coming = np.linspace(0, 1, size, dtype=np.float32)
            sound[:size] = self._going * (1 - coming) + sound[:size] * coming
            self._going = self._going[:0]
        return sound


def _share(timings: Sequence[Timing], index: int, heard_s: float) -> float:
    """How much of the word after the heard ones was heard, too."""
    if index >= len(timings):
        return 0.0
    word = timings[index]
    length_s = max(word.end_s - word.start_s, 1e-3)
    return min(max((heard_s - word.start_s) / length_s, 0.0), 1.0)


def _clause(text: str, characters: float) -> int:
    return max((at for at in clause_starts(text) if at <= characters), default=0)


def _letters(word: str) -> int:
    return sum(map(str.isalnum, spelled(word)))
