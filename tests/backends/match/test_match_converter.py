"""Conversion streams: the same however it is cut, never far behind, never out of time."""

import pickle
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.match.converter import Converter
from wyoming_voiceclone.backends.match.envelope import ORDER
from wyoming_voiceclone.backends.match.statistics import Cloud, VoiceStatistics
from wyoming_voiceclone.backends.match.transport import Conversion, conversion
from wyoming_voiceclone.voices import Reference

RATE = 22_050


def statistics(samples: Chunk, rate: int = RATE) -> VoiceStatistics:
    return VoiceStatistics.of_speech(samples.astype(np.float64), rate)


def converted(way: Conversion, chunks: list[Chunk], rate: int = RATE) -> Chunk:
    converter = Converter(rate, way)
    return np.concatenate([*(converter.feed(chunk) for chunk in chunks), converter.finish()])


@pytest.fixture
def way(low: Reference, high: Reference) -> Conversion:
    return conversion(statistics(low.samples), statistics(high.samples))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_streamed_is_whole_to_the_bit(way: Conversion, low: Reference, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 2 * RATE), label="samples")
    cuts = data.draw(st.lists(st.integers(0, size), max_size=30), label="cuts")
    samples = low.samples[:size]
    whole = converted(way, [samples])
    assert len(whole) == size
    assert np.array_equal(converted(way, np.split(samples, sorted(cuts))), whole)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_no_more_than_200_ms_are_held_back(way: Conversion, low: Reference, rate: int) -> None:
    converter, given_samples, behind = Converter(rate, way), 0, 0
    piece = rate // 400
    for begin in range(0, 2 * rate, piece):
        given_samples += len(converter.feed(low.samples[begin : begin + piece]))
        behind = max(behind, begin + piece - given_samples)
    assert 0.05 < behind / rate < 0.2


def test_a_way_to_itself_changes_nothing_audible(low: Reference) -> None:
    own = statistics(low.samples)
    error = converted(conversion(own, own), [low.samples]) - low.samples
    assert 20 * np.log10(np.std(error) / np.std(low.samples)) < -60


def test_it_reaches_the_pitch_and_comes_near_the_spectrum(
    way: Conversion, low: Reference, high: Reference
) -> None:
    before, target = statistics(low.samples), statistics(high.samples)
    after = statistics(converted(way, [low.samples]))
    assert after.log_f0 == pytest.approx(target.log_f0, abs=0.03)
    assert conversion(after, target).effort < 0.5 * conversion(before, target).effort


def evened(voice: VoiceStatistics) -> VoiceStatistics:
    """The same voice with half the ups and downs in its loudness."""
    scale = np.eye(ORDER)
    scale[0, 0] = 0.5
    clouds = [
        Cloud(cloud.mean, scale @ cloud.covariance @ scale)
        for cloud in (voice.voiced, voice.unvoiced)
    ]
    return replace(voice, voiced=clouds[0], unvoiced=clouds[1])


def test_it_becomes_as_evenly_loud_as_the_person(low: Reference) -> None:
    before = statistics(low.samples)
    after = statistics(converted(conversion(before, evened(before)), [low.samples]))
    assert after.voiced.covariance[0, 0] < 0.5 * before.voiced.covariance[0, 0]
    assert after.voiced.mean[0] == pytest.approx(before.voiced.mean[0], abs=2.0)  # 2 dB


def test_pauses_are_not_raised_the_more_the_quieter_they_are(low: Reference) -> None:
    own = statistics(low.samples)
    way = conversion(own, evened(own))
    hiss = np.random.default_rng(1).normal(0, 1, RATE)
    heard = [converted(way, [(hiss * level).astype(np.float32)]) for level in (1e-3, 1e-4)]
    assert np.std(heard[0]) / np.std(heard[1]) == pytest.approx(10, rel=0.02)


def test_words_stay_where_they_were(way: Conversion, low: Reference) -> None:
    def energy(samples: Chunk) -> Chunk:
        frames = samples[: len(samples) // 441 * 441].reshape(-1, 441)
        return np.asarray(np.sqrt(np.square(frames).mean(axis=1)), np.float32)

    before, after = energy(low.samples), energy(converted(way, [low.samples]))
    lags = [np.corrcoef(before[5:-5], np.roll(after, lag)[5:-5])[0, 1] for lag in range(-4, 5)]
    assert int(np.argmax(lags)) == 4
    assert lags[4] > 0.7


def test_it_takes_a_tenth_of_real_time_at_most(way: Conversion, low: Reference) -> None:
    converter = Converter(RATE, way)
    shares = []
    for begin in range(0, 4 * RATE, RATE):
        started = time.thread_time()
        converter.feed(low.samples[begin : begin + RATE])
        shares.append(time.thread_time() - started)
    assert min(shares) < 0.1


def test_memory_does_not_grow_with_what_is_spoken(way: Conversion, low: Reference) -> None:
    converter, sizes = Converter(RATE, way), []
    for _ in range(6):
        converter.feed(low.samples[: 4 * RATE])
        sizes.append(len(pickle.dumps(converter)))
    assert sizes[-1] < sizes[0] + 200_000


@pytest.mark.parametrize("level", [0.0, 1e-6, 100.0])
def test_odd_sound_is_survived(way: Conversion, level: float) -> None:
    noise = np.random.default_rng(1).normal(0, level, RATE).astype(np.float32)
    heard = converted(way, [noise])
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 30 * level


def test_damaged_samples_do_not_reach_the_listener(way: Conversion, low: Reference) -> None:
    samples = low.samples[: 2 * RATE].copy()
    samples[RATE] = np.nan
    heard = converted(way, [samples])
    assert np.isfinite(heard).all()
