"""Deadlines: how long to wait for whom, and when to begin with somebody else beside them."""

from dataclasses import dataclass

from wyoming_voiceclone.synthesis.lineup import Entry
from wyoming_voiceclone.synthesis.pace import KNOWN

HEARD_S = 0.3
"""A shorter wait is no reason to change the engine: the ear takes it for a pause."""
SOONER_S = 0.1
"""So much longer than the follower takes by itself is bearable, too."""
STRANGER_S = 1.5
"""A shorter wait is no reason to hear somebody else."""
_MARGIN_S = 0.05
"""Before a listener runs dry."""
_USUAL, _BEYOND = 0.9, 1.15
"""A hedge before that would often be for nothing."""
_STRETCH, _MEDIANS, _SLACK_S = 1.5, 4.0, 0.5
_COLD_S = 1.5
"""For whoever was not heard for ten minutes: a model may have to be loaded again."""
_UNKNOWN_S = 0.3
"""The first chunk of a follower that was never heard."""


@dataclass(frozen=True, slots=True)
class RouterLimits:
    """How long a backend may keep a listener waiting, whatever was learnt of it."""

    first_chunk_s: float = 8.0
    next_chunk_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """Seconds from the start of waiting."""

    hedge_s: float
    """Then the next one is begun beside it."""
    late_s: float
    """Then whoever has a sound is heard."""


def first_deadline(entry: Entry, follower: Entry | None, ahead_s: float, most_s: float) -> Deadline:
    """For the first chunk; the configured `most_s` where nothing was learnt."""
    if follower is None:
        return Deadline(most_s, most_s)
    alike = follower if entry.is_like(follower) else None
    late_s, usual_s = _patience(entry, alike, most_s)
    late_s = min(most_s, max(late_s, bearable_s(entry, follower), ahead_s - _MARGIN_S))
    hedge_s = min(late_s, max(late_s - lead_s(follower), usual_s))
    return Deadline(hedge_s, hedge_s if alike else late_s)


def bearable_s(entry: Entry, follower: Entry) -> float:
    """The silence that is better than hearing the follower."""
    if entry.is_like(follower):
        return 0.0
    if entry.is_same_person(follower):
        return min(HEARD_S, (follower.first_s(0.5) or HEARD_S) + SOONER_S)
    return STRANGER_S


def usual_gap_s(entry: Entry) -> float | None:
    """How long it lets a listener wait for a chunk, as a rule; None: not known."""
    return entry.pace.gaps.quantile(0.95) if len(entry.pace.gaps) >= KNOWN else None


def lead_s(follower: Entry) -> float:
    """So long before it is needed it has to be begun."""
    return follower.first_s(_USUAL) or _UNKNOWN_S


class Patience:
    """How long to wait for each chunk of one who speaks, while `follower` could go on."""

    def __init__(self, entry: Entry, follower: Entry | None, most_s: float) -> None:
        self.follower, self._most_s = follower, most_s
        self._usual_s = usual_gap_s(entry)
        if follower is not None:
            self._lead_s = lead_s(follower)
            self._bearable_s = max(HEARD_S, bearable_s(entry, follower))

    def deadline(self, longest_s: float, ahead_s: float) -> Deadline:
        """For the next one, after none in this sentence took longer than `longest_s`.

        A backend may always be as slow as it usually is; and as late as nobody hears it.
        """
        if self.follower is None or self._usual_s is None:
            return Deadline(self._most_s, self._most_s)
        usual_s = max(self._usual_s, longest_s)
        late_s = min(self._most_s, max(2 * usual_s, self._bearable_s, ahead_s - _MARGIN_S))
        hedge_s = max(late_s - self._lead_s, _STRETCH * usual_s)
        return Deadline(min(late_s, hedge_s), late_s)


def _patience(entry: Entry, alike: Entry | None, most_s: float) -> tuple[float, float]:
    """How late it may be, and how late it is as a rule.

    Where nothing is known of it, what is known of the one that sounds the same counts.
    """
    known = entry if entry.pace.is_known or alike is None else alike
    tail_s, median_s = known.first_s(_USUAL), known.first_s(0.5)
    if tail_s is None or median_s is None:
        return most_s, most_s
    late_s = min(_STRETCH * tail_s, _MEDIANS * median_s + _SLACK_S)
    if alike is None and entry.pace.is_cold:
        late_s = max(late_s, _COLD_S)
    return late_s, min(_BEYOND * tail_s, late_s)
