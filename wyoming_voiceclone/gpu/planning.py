"""What to unload so that an engine has room: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["engine", "ollama"]


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    name: str
    """Of the engine or the model."""
    mb: int
    """What it frees, as far as anybody knows beforehand."""


def plan(short_mb: int, steps: Sequence[Step]) -> tuple[Step, ...] | None:
    """Which of `steps`, given in order of preference, free so much; None: all are not enough.

    No step is taken that the others make needless, and none at all where they do not suffice.
    """
    if short_mb <= 0:
        return ()
    taken: list[Step] = []
    for step in steps:
        taken.append(step)
        if _freed(taken) >= short_mb:
            break
    else:
        return None
    for step in tuple(taken):
        if _freed(taken) - step.mb >= short_mb:
            taken.remove(step)
    return tuple(taken)


def _freed(steps: Sequence[Step]) -> int:
    return sum(step.mb for step in steps)
