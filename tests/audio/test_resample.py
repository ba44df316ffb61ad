"""Resampling a stream."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler

RATES = [(24_000, 22_050), (22_050, 16_000), (16_000, 22_050), (44_100, 22_050)]


def resampled(rates: tuple[int, int], chunks: list[Chunk]) -> Chunk:
    resampler = Resampler(*rates)
    return np.concatenate([*(resampler.feed(chunk) for chunk in chunks), resampler.finish()])


def tone(rate: int, hz: float = 440, seconds: float = 0.5) -> Chunk:
    return np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


@given(
    rates=st.sampled_from(RATES),
    cuts=st.lists(st.integers(0, 3000), max_size=12),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=60)
def test_how_a_stream_is_cut_does_not_change_one_sample(
    rates: tuple[int, int], cuts: list[int], seed: int
) -> None:
    whole = np.random.default_rng(seed).uniform(-1, 1, 3000).astype(np.float32)
    pieces = np.split(whole, sorted(cuts))
    np.testing.assert_array_equal(resampled(rates, pieces), resampled(rates, [whole]))


@pytest.mark.parametrize("rates", RATES)
def test_a_tone_keeps_its_pitch_its_level_and_its_length(rates: tuple[int, int]) -> None:
    source, target = rates
    result = resampled(rates, [tone(source)])
    assert abs(len(result) - target // 2) <= 1
    middle = slice(target // 10, target * 4 // 10)
    assert np.abs(result[: target // 2][middle] - tone(target)[middle]).max() < 1e-3


def test_what_the_target_cannot_carry_is_removed_and_not_folded_back() -> None:
    result = resampled((44_100, 16_000), [tone(44_100, hz=12_000)])
    assert np.abs(result[1000:-1000]).max() < 1e-3


def test_equal_rates_pass_the_very_same_samples() -> None:
    resampler = Resampler(22_050, 22_050)
    chunk = tone(22_050)
    assert resampler.feed(chunk) is chunk
    assert len(resampler.finish()) == 0


def test_no_more_than_60_ms_are_held_back() -> None:
    for source, target in RATES:
        resampler = Resampler(source, target)
        out = [resampler.feed(tone(source, seconds=0.02)) for _ in range(10)]
        assert 0.2 - sum(map(len, out)) / target < 0.065


def test_samples_of_another_layout_are_accepted() -> None:
    strided = tone(24_000)[::2]
    expected = resampled((24_000, 22_050), [strided.copy()])
    np.testing.assert_array_equal(resampled((24_000, 22_050), [strided]), expected)
