"""Samples to bytes and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.audio.pcm import from_pcm16, to_pcm16


@given(st.lists(st.integers(-32_768, 32_767)))
def test_every_16_bit_sample_survives_the_way_to_float_and_back(samples: list[int]) -> None:
    pcm = np.array(samples, "<i2").tobytes()
    assert to_pcm16(from_pcm16(pcm)) == pcm


@given(st.lists(st.floats(width=32)))
def test_any_float_becomes_a_valid_sample_near_it(samples: list[float]) -> None:
    chunk = np.array(samples, np.float32)
    back = from_pcm16(to_pcm16(chunk))
    wanted = np.clip(np.nan_to_num(chunk, posinf=1, neginf=-1), -1, 1)
    assert np.all(np.abs(back - wanted) <= 1 / 32_768)


def test_samples_are_little_endian_and_clipped_not_wrapped() -> None:
    assert to_pcm16(np.array([1 / 32_768, 7.0, -7.0], np.float32)) == b"\x01\x00\xff\x7f\x00\x80"


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="buffer size"):
        from_pcm16(b"\x00\x00\x00")
