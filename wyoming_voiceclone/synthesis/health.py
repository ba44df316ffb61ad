"""Health: who failed lately, and how long to leave them alone."""

from collections.abc import Callable
from dataclasses import dataclass

from wyoming_voiceclone.aio import now

COOLING_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
_LATE = 2
"""So many sentences in a row without a sound in time are a failure."""


@dataclass(slots=True)
class Health:
    """Up, or cooling for 1, 2, 4 … 60 s after failures in a row."""

    clock: Callable[[], float] = now
    failures: int = 0
    cooling_until: float = 0.0
    late: int = 0
    """Sentences in a row that somebody else began, because this one had no sound in time."""

    @property
    def is_up(self) -> bool:
        return self.clock() >= self.cooling_until

    @property
    def cooling_s(self) -> float:
        """How long it is left alone yet."""
        return max(0.0, self.cooling_until - self.clock())

    def failed(self) -> None:
        self.cooling_until = self.clock() + COOLING_S[min(self.failures, len(COOLING_S) - 1)]
        self.failures += 1
        self.late = 0

    def was_late(self) -> None:
        """Once may be chance; again it is a failure."""
        self.late += 1
        if self.late >= _LATE:
            self.failed()

    def began(self) -> None:
        """It had a sound in time."""
        self.late = 0

    def spoke(self) -> None:
        self.failures = self.late = 0
        self.cooling_until = 0.0

    def wake(self) -> None:
        """There is news of it: it may be asked again; the next failure counts as before."""
        self.cooling_until = 0.0
