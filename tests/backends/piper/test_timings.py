"""Where the words of a sentence are heard."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.backends.backend import Timing
from wyoming_voiceclone.backends.piper.timings import timings, word_spans

SPANS = st.lists(st.floats(0.01, 1), min_size=1, max_size=9).map(
    lambda lengths: list(pairwise((np.cumsum([0.1, *lengths])).tolist()))
)


def test_a_word_lasts_as_long_as_its_phonemes() -> None:
    durations = np.array([2, 3, 1, 4, 5])
    assert word_spans([(1, 3), (3, 4)], durations, 0.01, 1.0) == [
        pytest.approx((1.02, 1.06)),
        pytest.approx((1.06, 1.10)),
    ]


def test_as_many_words_as_were_spoken_are_placed_exactly() -> None:
    assert timings("So - it is.", [(0.0, 0.2), (0.3, 0.4), (0.4, 0.9)]) == [
        Timing("So", 0.0, 0.2),
        Timing("it", 0.3, 0.4),
        Timing("is.", 0.4, 0.9),
    ]


@given(words=st.lists(st.sampled_from(["a", "of", "the", "21", "garden"]), max_size=9), spans=SPANS)
def test_words_that_were_joined_or_expanded_keep_their_order(
    words: list[str], spans: list[tuple[float, float]]
) -> None:
    placed = timings(" ".join(words), spans)
    assert [timing.text for timing in placed] == words
    assert all(t.start_s <= t.end_s + 1e-9 for t in placed)
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(placed))
    if placed:
        assert placed[0].start_s == pytest.approx(spans[0][0])
        assert placed[-1].end_s == pytest.approx(spans[-1][1])


def test_nothing_spoken_has_no_words() -> None:
    assert timings("hello", []) == []
    assert timings("...", [(0.0, 1.0)]) == []
