"""Lineup: whom to ask for one sentence, in order, by everything that is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from wyoming_voiceclone.aio import now
from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.synthesis.candidates import Candidate
from wyoming_voiceclone.synthesis.pace import Pace
from wyoming_voiceclone.synthesis.standing import Standing

_AS_SOON = 1.2
_AS_SOON_S = 0.05
"""Nobody hears the difference: then preference decides."""
_CHARS_PER_S = 14.0
_ASIDE_S = 30.0
"""So long whoever broke off in an utterance is asked last in it."""


@dataclass(slots=True)
class Memory:
    """What an utterance has gone through."""

    last: str = ""
    """Who spoke its last sentence."""
    broke_off: dict[str, float] = field(default_factory=dict)
    """Who failed in it, and when."""

    def failed(self, name: str) -> None:
        self.broke_off[name] = now()

    def is_aside(self, name: str) -> bool:
        return now() - self.broke_off.get(name, -_ASIDE_S) < _ASIDE_S


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate, and what is known of whoever would speak."""

    candidate: Candidate
    standing: Standing
    pace: Pace

    @property
    def chars(self) -> int:
        return len(self.candidate.request.text)

    def first_s(self, share: float) -> float | None:
        """How soon it begins in this share of cases, as busy as it is now; None: not known."""
        return self.pace.first_s(share, self.chars, self.standing.in_flight)

    def saying(self, text: str) -> "Entry":
        return Entry(self.candidate.saying(text), self.standing, self.pace)

    def is_like(self, other: "Entry") -> bool:
        """Whether a listener could not tell them apart."""
        return self.candidate.likeness == other.candidate.likeness

    def is_same_person(self, other: "Entry") -> bool:
        """Whether both speak as the same voice, be it with different engines."""
        return self.candidate.request.voice == other.candidate.request.voice


class Lineup:
    """The entries in order; each is taken once, and may be put back."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._waiting = list(entries)

    def peek(self) -> Entry | None:
        return self._waiting[0] if self._waiting else None

    def take(self) -> Entry:
        return self._waiting.pop(0)

    def put_back(self, entry: Entry) -> None:
        """It was not needed; it may be, later."""
        self._waiting.insert(0, entry)


def lineup(entries: Sequence[Entry], ahead_s: float, memory: Memory) -> Lineup:
    """By preference; of those that sound the same, whoever is soonest for this listener.

    Those that failed lately come after all others, those that are full after these.
    """
    ordered: list[Entry] = []
    for _, alike in groupby(entries, key=lambda entry: entry.candidate.likeness):
        ordered += _soonest(list(alike), ahead_s, memory)
    ordered.sort(key=lambda entry: _away(entry, memory))  # stable
    return Lineup(ordered)


def _away(entry: Entry, memory: Memory) -> int:
    standing = entry.standing
    if standing.is_full:
        return 2
    return int(not standing.health.is_up or memory.is_aside(standing.name))


def _soonest(alike: list[Entry], ahead_s: float, memory: Memory) -> list[Entry]:
    """Whoever keeps this listener waiting least; preference where nobody hears a difference.

    Nobody is tried out: that may load a model where something else is using the memory.
    """
    if len(alike) == 1:
        return alike
    alone_s = [_late_s(entry, 0, ahead_s) for entry in alike if entry.pace.is_known]
    unknown_s = min(alone_s, default=0.0)
    late_s = {
        entry.standing.name: _late_s(entry, entry.standing.in_flight, ahead_s)
        if entry.pace.is_known
        else unknown_s
        for entry in alike
    }
    enough_s = min(late_s.values()) * _AS_SOON + _AS_SOON_S

    def place(entry: Entry) -> tuple[float, bool]:
        name = entry.standing.name
        return max(0.0, late_s[name] - enough_s), name != memory.last

    return sorted(alike, key=place)  # stable


def _late_s(entry: Entry, load: int, ahead_s: float) -> float:
    """How long the listener would hear nothing, all in all."""
    first_s = entry.pace.first_s(0.5, entry.chars, load) or 0.0
    speed = entry.pace.speeds.quantile(0.5, load) or 0.0
    audio_s = entry.chars / _CHARS_PER_S / entry.candidate.request.speed
    return max(0.0, first_s + max(0.0, speed - 1) * audio_s - ahead_s)


def ahead_s(request: SynthesisRequest) -> float:
    """Seconds of audio that its listener has yet; 0 where nobody counts them."""
    return request.playback.ahead_s if request.playback else 0.0
