"""Pitch and envelopes are found, at every rate, however a stream is cut."""

import numpy as np
import pytest

from wyoming_voiceclone.backends.match.analysis import Analyser, Frames, analysed
from wyoming_voiceclone.backends.match.arrays import Floats
from wyoming_voiceclone.voices import Reference


def voiced(rate: int, hz: Floats) -> Floats:
    """Pulses at `hz` (one value per sample) through a resonance at 700 Hz."""
    phase = np.cumsum(hz) / rate
    pulses = np.diff(np.floor(phase), prepend=0.0)
    time_s = np.arange(rate // 50) / rate
    ringing = np.exp(-400 * time_s) * np.sin(2 * np.pi * 700 * time_s)
    return np.convolve(pulses, ringing)[: len(hz)] * 0.5


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000])
@pytest.mark.parametrize("hz", [80.0, 130.0, 220.0, 400.0])
def test_a_steady_pitch_is_found_within_one_percent(rate: int, hz: float) -> None:
    f0 = analysed(voiced(rate, np.full(rate, hz)), rate).f0[20:-20]
    assert np.mean(f0 > 0) > 0.98
    assert np.median(np.abs(f0[f0 > 0] / hz - 1)) < 0.01


def test_a_gliding_pitch_is_followed() -> None:
    hz = np.geomspace(90, 300, 32_000)
    f0 = analysed(voiced(16_000, hz), 16_000).f0
    wanted = hz[::80][: len(f0)]
    inside = slice(20, -20)
    assert np.percentile(np.abs(f0[inside] / wanted[inside] - 1), 95) < 0.03


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 32_000)
    assert np.mean(analysed(noise, 16_000).f0 > 0) < 0.1
    assert not analysed(np.zeros(16_000), 16_000).f0.any()


def test_the_envelope_shows_the_resonance_at_every_pitch() -> None:
    found = [
        analysed(voiced(16_000, np.full(16_000, hz)), 16_000).envelopes[40:-40].mean(axis=0)
        for hz in (90.0, 150.0, 250.0)
    ]
    shapes = [envelope - envelope.mean() for envelope in found]
    assert np.abs(shapes[0] - shapes[1]).mean() < 0.25
    assert np.abs(shapes[0] - shapes[2]).mean() < 0.35


def test_frames_do_not_depend_on_how_the_stream_is_cut(low: Reference) -> None:
    samples = low.samples[: 2 * low.rate].astype(np.float64)
    whole = Analyser(low.rate).feed(samples)
    analyser = Analyser(low.rate)
    parts = [analyser.feed(part) for part in np.array_split(samples, 37)]
    cut = Frames.joined(parts)
    assert np.array_equal(whole.f0, cut.f0)
    assert np.array_equal(whole.envelopes, cut.envelopes)
