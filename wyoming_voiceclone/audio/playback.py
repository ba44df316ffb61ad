"""The listener's clock: when somebody who plays what they were given runs dry."""

import time
from collections.abc import Callable


class Playback:
    """Counts the seconds handed to one listener, who plays from the first chunk on.

    Shared by all the sentences of one utterance, so that whoever computes the next chunk knows
    how late it may be.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.arrived = clock()
        """When the listener began to wait."""
        self.started: float | None = None
        """When the first chunk was handed over."""
        self._dry_at = self.arrived

    @property
    def dry_at(self) -> float:
        """Monotonic time at which the listener hears silence; their arrival while nothing came."""
        return self._dry_at

    @property
    def ahead_s(self) -> float:
        """Seconds of audio that the listener has yet; 0 for one who waits."""
        return 0.0 if self.started is None else max(0.0, self._dry_at - self._clock())

    def hand_over(self, seconds: float) -> None:
        now = self._clock()
        if self.started is None:
            self.started = now
        self._dry_at = max(self._dry_at, now) + seconds
