"""Health: who failed lately, and how long to leave them alone."""

import time
from collections.abc import Callable
from dataclasses import dataclass

COOLING_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)


@dataclass(slots=True)
class Health:
    """Up, or cooling for 1, 2, 4 … 60 s after failures in a row."""

    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    cooling_until: float = 0.0

    @property
    def is_up(self) -> bool:
        return self.clock() >= self.cooling_until

    def failed(self) -> None:
        self.cooling_until = self.clock() + COOLING_S[min(self.failures, len(COOLING_S) - 1)]
        self.failures += 1

    def spoke(self) -> None:
        self.failures = 0
        self.cooling_until = 0.0
