"""Models that count what happens to them."""

import threading
from collections.abc import Iterator

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk


class Counter:
    """Speaks its own number; notes what happens to it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.steps = 0
        self.closed = 0
        self.threads: set[int] = set()

    def count(self, most: int) -> Iterator[Chunk]:
        try:
            for _ in range(most):
                self.steps += 1
                self.threads.add(threading.get_ident())
                yield np.full(4, self.number, np.float32)
        finally:
            self.closed += 1
            self.threads.add(threading.get_ident())


class Loader:
    def __init__(self) -> None:
        self.models: list[Counter] = []
        self.fault: Exception | None = None

    def __call__(self) -> Counter:
        if self.fault:
            raise self.fault
        self.models.append(Counter(len(self.models)))
        return self.models[-1]
