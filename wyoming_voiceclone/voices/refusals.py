"""What engines refused to learn, believed for a while so that they are not asked at every word."""

import time
from collections import OrderedDict
from collections.abc import Callable

from wyoming_voiceclone.errors import VoiceCloneError

_MOST = 1_000


class Refusals:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, tuple[VoiceCloneError, float]] = OrderedDict()

    def add(self, key: str, error: VoiceCloneError, seconds: float) -> None:
        """Believe it for so long."""
        self._known[key] = error, self._clock() + seconds
        while len(self._known) > _MOST:
            self._known.popitem(last=False)

    def raise_for(self, key: str) -> None:
        """Raise again what was refused for this key, if that is still believed."""
        if key not in self._known:
            return
        error, until = self._known[key]
        if self._clock() < until:
            raise type(error)(str(error))
        del self._known[key]

    def clear(self) -> None:
        self._known.clear()
