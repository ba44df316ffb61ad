"""The part of a recording that is listened to."""

import numpy as np
import pytest
from backends.pocket.conftest import murmur

from wyoming_voiceclone.backends.pocket.prompt import listened_to
from wyoming_voiceclone.errors import BadRecording
from wyoming_voiceclone.voices import Reference

RATE = 24_000


def between(before_s: float, reference: Reference, after_s: float) -> Reference:
    quiet = [np.zeros(round(s * reference.rate), np.float32) for s in (before_s, after_s)]
    return Reference(np.concatenate([quiet[0], reference.samples, quiet[1]]), reference.rate)


def test_silence_around_the_words_is_left_out() -> None:
    samples = listened_to(between(5, murmur(200, 4), 5), RATE, 10)
    assert 3.5 * RATE < len(samples) < 4.2 * RATE
    assert np.abs(samples[-480:]).max() > 0.01


def test_a_long_recording_ends_in_a_pause() -> None:
    samples = listened_to(murmur(200, 30), RATE, 10)
    assert 7 * RATE <= len(samples) <= 10 * RATE
    assert np.sqrt(np.square(samples[-960:]).mean()) < 0.01  # syllables have 0.2


def test_without_a_pause_all_that_was_asked_for_is_listened_to_at_most() -> None:
    tone = np.sin(np.arange(20 * RATE) * 0.05).astype(np.float32)
    assert 7 * RATE <= len(listened_to(Reference(tone, RATE), RATE, 10)) <= 10 * RATE


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_any_rate_will_do(rate: int) -> None:
    assert abs(len(listened_to(murmur(200, 4, rate), RATE, 10)) / RATE - 4) < 0.4


@pytest.mark.parametrize(
    "reference",
    [
        between(3, murmur(200, 2), 3),
        Reference(np.zeros(RATE * 5, np.float32), RATE),
        Reference(np.zeros(0, np.float32), RATE),
        murmur(200, 0.02),
    ],
)
def test_too_few_words_are_refused_with_the_remedy(reference: Reference) -> None:
    with pytest.raises(BadRecording, match=r"need 3 s — record"):
        listened_to(reference, RATE, 10)
