"""What is learnt of a backend's pace: robust, recent, and under a similar load."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.synthesis.pace import KNOWN, Pace, Window


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def window(*values: float) -> Window:
    made = Window(Clock())
    for value in values:
        made.add(value)
    return made


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, -0.1])
def test_odd_values_are_left_out(odd: float) -> None:
    found = window(1.0, odd, 2.0, odd, 3.0)
    assert len(found) == 3
    assert found.quantile(0.5) == 2.0


@given(st.lists(st.floats(), max_size=100), st.floats(0, 1), st.integers(-3, 40))
def test_whatever_is_measured_a_quantile_is_one_of_it(
    values: list[float], share: float, load: int
) -> None:
    found = window(*values)
    quantile = found.quantile(share)
    assert quantile in [value for value in values if value >= 0] if len(found) else quantile is None
    crowded = found.quantile(share, load)
    assert crowded is None or crowded >= 0


def test_one_of_twenty_being_very_late_does_not_change_what_is_usual() -> None:
    found = window(*([0.1] * 19 + [5.0]) * 3)
    assert found.quantile(0.9) == 0.1
    assert found.quantile(0.99) == 5.0


def test_only_the_last_ones_count_and_new_ones_more() -> None:
    clock = Clock()
    found = Window(clock)
    for _ in range(40):
        found.add(1.0)
    clock.now = 3600.0
    for _ in range(5):
        found.add(0.1)
    assert found.quantile(0.5) == 0.1
    for _ in range(60):
        found.add(0.2)
    assert found.quantile(1.0) == 0.2


def test_what_was_measured_under_a_similar_load_counts_more() -> None:
    found = Window(Clock())
    for load, value in ((0, 0.1), (4, 0.5)) * 10:
        found.add(value, load)
    assert found.quantile(0.5, 0) == 0.1
    assert found.quantile(0.5, 4) == 0.5
    assert found.quantile(0.5, 9) == pytest.approx(0.5 * 10 / 5)


def test_a_few_measurements_tell_something_and_fewer_nothing() -> None:
    pace = Pace(Clock())
    for _ in range(KNOWN):
        assert pace.first_s(0.5, 60) is None
        pace.began(0.2, 60)
    assert pace.first_s(0.5, 60) == 0.2


def test_whoever_computes_a_sentence_whole_takes_longer_for_a_long_one() -> None:
    whole, streaming = Pace(Clock(), streams=False), Pace(Clock())
    for pace in (whole, streaming):
        for _ in range(KNOWN):
            pace.began(0.3, 60)
    assert whole.first_s(0.5, 240) == pytest.approx(1.2)
    assert streaming.first_s(0.5, 240) == pytest.approx(0.3)
    assert whole.first_s(0.5, 1) == pytest.approx(0.1)


def test_a_backend_that_rested_may_be_cold() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.is_cold
    pace.began(0.1, 60)
    assert not pace.is_cold
    clock.now = 1200.0
    assert pace.is_cold
