"""BackOff: how long to leave alone what failed."""

import time

_LONGEST_S = 60.0


class BackOff:
    """1, 2, 4 … 60 s after failures in a row."""

    def __init__(self) -> None:
        self.why = ""
        """What failed last; "" once something went well."""
        self._failures = 0
        self._not_before = 0.0

    @property
    def left_s(self) -> float:
        return max(0.0, self._not_before - time.monotonic())

    def failed(self, why: str) -> float:
        """How long it is left alone, in seconds."""
        wait_s = min(2.0**self._failures, _LONGEST_S)
        self._failures = min(self._failures + 1, 16)
        self._not_before = time.monotonic() + wait_s
        self.why = why
        return wait_s

    def went_well(self) -> None:
        self._failures = 0
