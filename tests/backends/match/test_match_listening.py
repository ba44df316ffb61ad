"""A recording that no likeness can come from is refused, with the fact and the remedy."""

from dataclasses import replace

import numpy as np
import pytest

from wyoming_voiceclone.backends.match.listening import listened
from wyoming_voiceclone.errors import BadRecording
from wyoming_voiceclone.voices import Reference


def test_a_good_recording_is_listened_to(low: Reference) -> None:
    found = listened(low)
    assert 50 < np.exp(found.log_f0) < 150
    assert 3 < found.speech_s <= low.seconds


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_the_rate_of_the_recording_hardly_matters(low: Reference, rate: int) -> None:
    import soxr  # noqa: PLC0415 -- this test's only

    other = Reference(soxr.resample(low.samples, low.rate, rate), rate)
    one, two = listened(low), listened(other)
    assert one.log_f0 == pytest.approx(two.log_f0, abs=0.02)
    assert np.abs(one.voiced.mean - two.voiced.mean)[1:].max() < 1.0  # the level is the base's


def test_too_little_speech_is_told_in_seconds(low: Reference) -> None:
    pause = np.zeros(10 * low.rate, np.float32)
    short = replace(low, samples=np.concatenate([low.samples[: 2 * low.rate], pause]))
    with pytest.raises(BadRecording, match=r"1\.\d s of speech, need at least 3 s — record again"):
        listened(short)


def test_silence_is_told() -> None:
    with pytest.raises(BadRecording, match="silent"):
        listened(Reference(np.zeros(160_000, np.float32), 16_000))
    with pytest.raises(BadRecording, match="silent"):
        listened(Reference(np.zeros(0, np.float32), 16_000))


def test_noise_is_told(low: Reference) -> None:
    random = np.random.default_rng(1)
    noise = random.normal(0, 0.5 * np.std(low.samples), len(low.samples))
    noisy = replace(low, samples=(low.samples + noise).astype(np.float32))
    with pytest.raises(BadRecording, match=r"noise is only .* quiet room"):
        listened(noisy)
    with pytest.raises(BadRecording, match="need at least"):
        listened(Reference(random.normal(0, 0.1, 160_000).astype(np.float32), 16_000))


def test_a_telephones_recording_is_told(low: Reference) -> None:
    with pytest.raises(BadRecording, match="8000 Hz, need at least 16000 Hz"):
        listened(replace(low, rate=8_000))


def test_damaged_samples_are_told(low: Reference) -> None:
    samples = low.samples.copy()
    samples[1000] = np.nan
    with pytest.raises(BadRecording, match="damaged"):
        listened(replace(low, samples=samples))


def test_hours_are_listened_to_in_seconds(low: Reference) -> None:
    hours = replace(low, samples=np.tile(low.samples, 500))
    assert listened(hours).speech_s <= 60
