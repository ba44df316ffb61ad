"""Whose step is computed next, and how much sound it makes: the decisions, without the doing."""

from collections.abc import Sequence
from dataclasses import dataclass

from wyoming_voiceclone.backends.piper.costs import Costs

FIRST_FRAMES = 10
"""116 ms of sound at 22.05 kHz: enough to compute the next 20 frames on any machine in use."""

MOST_FRAMES = 160
"""Of one step (45 ms on a PC): larger ones are no cheaper."""

SHARED_FRAMES = 40
"""Of one step while others wait."""

_MARGIN_S = 0.012
"""How long before a listener runs dry the chunk should be on its way."""

_CAUTION = 1.5
"""What steps may cost more than expected while the machine does other things as well."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One sentence's claim to the processor."""

    due: float
    """When its listener runs dry; when it came, as long as nothing has been heard."""
    cost_s: float
    """Of its next step."""
    playing: bool
    """Whether its listener is hearing something."""


def choose(turns: Sequence[Turn], now: float, workers: int = 1) -> int:
    """The index of the turn to take, where `workers` take turns at the same time.

    Who waits for a first sound goes before who has some left, shortest and longest waiting first
    -- unless somebody would run dry meanwhile: then whoever runs dry first.
    """
    playing = sorted((i for i, t in enumerate(turns) if t.playing), key=lambda i: turns[i].due)
    waiting = [i for i, turn in enumerate(turns) if not turn.playing]
    if not waiting:
        return playing[0]
    first = min(waiting, key=lambda i: turns[i].due + turns[i].cost_s)
    end = now + _CAUTION * turns[first].cost_s
    for i in playing:
        end += _CAUTION * turns[i].cost_s / workers
        if end > turns[i].due - _MARGIN_S:
            return playing[0]
    return first


def first_frames(costs: Costs, frame_s: float, total: int, others: int) -> int:
    """Frames of the first chunk: few, but so many that the next ones come in time.

    A machine that is slower than speech keeps back what it will be late by.
    """
    load = costs.frame_s / frame_s
    frames = FIRST_FRAMES * (2 if others > 1 else 1)
    if load >= 0.9:
        return max(frames, round(total * (1 - 0.9 / load)) + frames)
    needed = 2 * costs.run_s / ((1 - load) * frame_s)
    return min(max(frames, round(needed)), MOST_FRAMES)


def next_frames(costs: Costs, before: int, slack_s: float, others: int) -> int:
    """Frames of a later chunk: growing, computed before half of what the listener has is gone."""
    most, growth = (SHARED_FRAMES, 2) if others else (MOST_FRAMES, 8)
    in_time = (slack_s / 2 - costs.run_s) / costs.frame_s if costs.frame_s else most
    return int(max(FIRST_FRAMES, min(growth * before, most, in_time)))
