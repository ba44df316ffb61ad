"""A generator that runs ahead in a thread of its own."""

import threading
import time
from collections.abc import Generator

import pytest

from wyoming_voiceclone.backends.pocket.ahead import ahead


class Steps:
    def __init__(self, fault_at: int = 10**9) -> None:
        self.done, self.closed, self.fault_at = 0, False, fault_at
        self.threads: set[int] = set()

    def run(self, most: int) -> Generator[int, None, None]:
        try:
            for step in range(most):
                if step == self.fault_at:
                    raise ZeroDivisionError
                self.done += 1
                self.threads.add(threading.get_ident())
                yield step
        finally:
            self.closed = True


def test_everything_comes_in_order_from_one_other_thread() -> None:
    steps = Steps()
    assert list(ahead(steps.run(50), 4)) == list(range(50))
    assert len(steps.threads) == 1
    assert threading.get_ident() not in steps.threads


def test_only_the_first_is_computed_until_it_was_taken_and_then_no_more_than_asked_for() -> None:
    steps = Steps()
    coming = ahead(steps.run(50), 4)
    next(coming)
    time.sleep(0.05)
    assert steps.done == 1
    next(coming)
    time.sleep(0.05)
    assert steps.done == 5
    coming.close()
    assert steps.closed
    assert steps.done == 5


def test_a_fault_comes_where_it_happened() -> None:
    steps = Steps(fault_at=2)
    coming = ahead(steps.run(5), 4)
    assert [next(coming), next(coming)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(coming)
    assert steps.closed
