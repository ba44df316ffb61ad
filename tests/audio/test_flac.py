"""Recordings in FLAC files."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wyoming_voiceclone.audio.flac import Recording, decode, encode
from wyoming_voiceclone.audio.pcm import from_pcm16

NOISE = np.random.default_rng(0).uniform(-1, 1, 8_000).astype(np.float32)


@pytest.mark.parametrize("peak", [0.003, 0.4, 1.0, 37.0])
def test_a_recording_of_any_amplitude_comes_back_within_16_bit_of_its_peak(peak: float) -> None:
    back, _ = decode(encode(Recording.of(22_050, NOISE * np.float32(peak)), ""))
    assert back.rate == 22_050
    error = np.abs(back.chunk(0, 8_000) - NOISE * np.float32(peak)).max()
    assert error <= peak / 16_000


@given(st.binary(min_size=2, max_size=400).filter(lambda pcm: len(pcm) % 2 == 0))
@settings(deadline=None)
@example(b"\x00\x40")
@example(b"\xff\x7f")
@example(b"\x00\x80")
def test_what_was_16_bit_comes_back_exactly(pcm: bytes) -> None:
    chunk = from_pcm16(pcm)
    back, _ = decode(encode(Recording.of(16_000, chunk), ""))
    np.testing.assert_array_equal(back.chunk(0, len(chunk)), chunk)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3_000))
@settings(deadline=None, max_examples=30)
def test_the_note_comes_back(note: str) -> None:
    assert decode(encode(Recording.of(16_000, NOISE), note))[1] == note


def test_a_changed_or_shortened_file_is_refused() -> None:
    data = encode(Recording.of(22_050, NOISE), "the note")
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 0x20
        try:
            back, note = decode(bytes(changed))
        except ValueError:
            continue
        assert note == "the note"
        np.testing.assert_array_equal(back.chunk(0, 8_000), decode(data)[0].chunk(0, 8_000))
    for length in range(0, len(data), 97):
        with pytest.raises(ValueError, match=r".+"):
            decode(data[:length])


def test_silence_and_broken_samples_can_be_kept() -> None:
    broken = np.array([0, np.nan, np.inf, 0], np.float32)
    back, _ = decode(encode(Recording.of(22_050, broken), ""))
    assert not back.chunk(0, 4).any()


def test_a_rate_that_flac_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode(Recording.of(10_000_000, NOISE), "")
