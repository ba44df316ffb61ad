"""Tempo: another speed, the same pitch, however the stream was cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.tempo import Tempo

RATE = 16_000


def tone(seconds: float = 1.0, hz: float = 210.0) -> Chunk:
    times = np.arange(round(RATE * seconds)) / RATE
    return (0.5 * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def changed(samples: Chunk, speed: float, cuts: list[int] | None = None) -> Chunk:
    tempo = Tempo(RATE, speed)
    pieces = [tempo.feed(piece) for piece in np.split(samples, sorted(cuts or []))]
    return np.concatenate([*pieces, tempo.finish()])


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.8, 1.25, 2.0, 4.0])
def test_it_lasts_as_long_as_the_speed_says(speed: float) -> None:
    assert len(changed(tone(), speed)) == round(RATE / speed)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_the_pitch_and_the_loudness_stay(speed: float) -> None:
    samples = changed(tone(2.0), speed)
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * RATE / len(middle) == pytest.approx(210, abs=3)
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    strongest = spectrum[np.argmax(spectrum) - 4 : np.argmax(spectrum) + 5]
    assert (strongest**2).sum() > 0.99 * (spectrum**2).sum(), "the seams can be heard"


def test_normal_speed_changes_nothing() -> None:
    assert np.array_equal(changed(tone(), 1.0), tone())


@settings(deadline=None)
@given(
    cuts=st.lists(st.integers(0, RATE // 2), max_size=6),
    speed=st.sampled_from([0.5, 0.9, 1.5, 4.0]),
)
def test_it_does_not_matter_how_the_stream_was_cut(cuts: list[int], speed: float) -> None:
    samples = tone(0.5) + np.random.default_rng(1).normal(0, 0.1, RATE // 2).astype(np.float32)
    assert np.array_equal(changed(samples, speed, cuts), changed(samples, speed))


@pytest.mark.parametrize("samples", [0, 1, 100, 700])
def test_what_is_shorter_than_a_frame_is_spoken_too(samples: int) -> None:
    assert len(changed(tone()[:samples], 2.0)) == round(samples / 2)


def test_what_comes_early_leaves_early() -> None:
    tempo = Tempo(RATE, 1.5)
    assert len(tempo.feed(tone(0.2))) > 0.08 * RATE
