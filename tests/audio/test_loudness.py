"""Levelling: what a listener hears of how loud things are."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.loudness import CEILING_DB, TARGET_DB, Leveller, LoudnessBook

RATE = 22_050
CEILING = 10 ** (CEILING_DB / 20)
SILENCE: Chunk = np.zeros(RATE // 10, np.float32)


def speech(peak: float, seconds: float = 2.0, seed: int = 0) -> Chunk:
    """Syllables of noise, some louder than others, with pauses: a crest of about 17 dB."""
    rng = np.random.default_rng(seed)
    syllables = [
        np.concatenate([rng.laplace(0, rng.uniform(0.4, 1), RATE // 6), np.zeros(RATE // 30)])
        for _ in range(round(seconds * 5))
    ]
    raw = np.concatenate(syllables)
    return np.asarray(raw * peak / np.abs(raw).max(), np.float32)


def say(book: LoudnessBook, sentences: list[Chunk], voice: str = "ada", full: float = 1) -> Chunk:
    leveller = Leveller(RATE, book)
    out = []
    for sentence in sentences:
        leveller.begin(voice, full)
        out.append(leveller.feed(sentence))
    return np.concatenate([*out, leveller.finish()])


def level_db(chunk: Chunk) -> float:
    return 10 * math.log10(np.mean(np.square(chunk[np.abs(chunk) > 0])))


@given(
    cuts=st.lists(st.integers(0, 30_000), max_size=10),
    peak=st.floats(0.01, 5),
    seed=st.integers(0, 50),
)
@settings(deadline=None, max_examples=60)
def test_how_a_sentence_is_cut_does_not_change_one_sample(
    cuts: list[int], peak: float, seed: int
) -> None:
    def levelled(cut: list[int]) -> Chunk:
        leveller = Leveller(RATE, book := LoudnessBook())
        out = []
        for number in range(3):
            leveller.begin("ada", 0.5)
            pieces = np.split(speech(peak, 1.5, seed + number), sorted(cut))
            out += [leveller.feed(piece) for piece in pieces]
        out.append(leveller.finish())
        return np.append(np.concatenate(out), np.float32(book.gain_db("ada", 0.5)))

    np.testing.assert_array_equal(levelled(cuts), levelled([]))


@given(samples=st.lists(st.floats(width=32), max_size=400), full=st.floats())
@settings(deadline=None)
def test_no_input_at_all_brings_a_sample_beyond_the_ceiling(
    samples: list[float], full: float
) -> None:
    book = LoudnessBook()
    out = say(book, [np.array(samples, np.float32)] * 2, full=full)
    assert math.isfinite(book.gain_db("ada", full))
    assert len(out) == 2 * len(samples)
    assert np.all(np.abs(out) <= CEILING * 1.000001)


def test_below_the_ceiling_a_sentence_is_only_amplified() -> None:
    raw = speech(0.45)
    np.testing.assert_allclose(say(LoudnessBook(), [raw], full=0.5), raw * CEILING / 0.5, rtol=1e-5)


def test_silence_stays_silence_and_teaches_nothing() -> None:
    book = LoudnessBook()
    assert not np.any(say(book, [SILENCE] * 5))
    assert book.gain_db("ada", 1) == LoudnessBook().gain_db("ada", 1)


def test_what_is_no_number_becomes_silence_and_spoils_nothing_after_it() -> None:
    book = LoudnessBook()
    broken = np.array([np.nan, np.inf, -np.inf], np.float32)
    out = say(book, [broken, speech(0.5)])
    assert not np.any(out[:3])
    assert np.all(np.isfinite(out))
    assert math.isfinite(book.gain_db("ada", 1))


@pytest.mark.parametrize("peak", [0.05, 0.3, 1.0, 3.0])
def test_voices_of_any_raw_level_end_up_equally_loud(peak: float) -> None:
    book = LoudnessBook()
    sentences = [speech(peak, seed=seed) for seed in range(20)]
    say(book, sentences)
    out = say(book, [speech(peak, seed=99)])
    assert level_db(out) == pytest.approx(TARGET_DB, abs=1.5)


def test_the_gain_moves_in_steps_of_at_most_1_db_inside_an_utterance() -> None:
    raw = [speech(0.02, seed=seed) for seed in range(8)]
    out = say(LoudnessBook(), raw)
    starts = np.cumsum([0, *(len(sentence) for sentence in raw)])
    late = RATE // 2  # past the ramp
    gains = [
        level_db(out[start + late : end]) - level_db(sentence[late:])
        for sentence, (start, end) in zip(raw, pairwise(starts), strict=True)
    ]
    steps = np.diff(gains)
    assert np.all(steps > 0.5)
    assert np.all(steps < 1.01)


def test_the_gain_is_constant_within_a_sentence() -> None:
    book = LoudnessBook()
    say(book, [speech(0.1, seed=seed) for seed in range(3)])
    raw = speech(0.1, seed=9)
    out = say(book, [raw])
    loud = np.abs(raw) > 0.001
    np.testing.assert_allclose((out[loud] / raw[loud]), out[loud][0] / raw[loud][0], rtol=1e-4)


def test_the_next_utterance_starts_with_what_the_last_one_taught() -> None:
    book = LoudnessBook()
    say(book, [speech(0.05, seed=seed) for seed in range(10)])
    first = book.gain_db("ada", 1.0)
    assert first > LoudnessBook().gain_db("ada", 1.0) + 15


def test_voices_are_learnt_apart_and_the_oldest_forgotten_at_the_limit() -> None:
    book = LoudnessBook(voices=2)
    for voice in ("ada", "ben", "cid"):
        say(book, [speech(0.1)] * 3, voice)
    fresh = LoudnessBook().gain_db("any", 1.0)
    assert book.gain_db("cid", 1.0) != fresh
    assert book.gain_db("ada", 1.0) == fresh


def test_a_change_of_gain_between_sentences_makes_no_click() -> None:
    book = LoudnessBook()
    say(book, [speech(0.05, seed=seed) for seed in range(10)], "quiet")
    steady = np.full(RATE, 0.02, np.float32)
    leveller = Leveller(RATE, book)
    out = []
    for voice in ("new", "quiet"):
        leveller.begin(voice, 1.0)
        out.append(leveller.feed(steady))
    joined = np.concatenate([*out, leveller.finish()])
    assert np.ptp(joined) > 0.1
    assert np.abs(np.diff(joined)).max() < 0.005


def test_at_most_5_ms_are_held_back() -> None:
    leveller = Leveller(RATE, LoudnessBook())
    leveller.begin("ada", 1.0)
    assert len(leveller.feed(speech(1.0, 0.2))) >= len(speech(1.0, 0.2)) - 0.005 * RATE


def test_peaks_over_the_ceiling_are_turned_down_without_a_corner() -> None:
    time = np.arange(RATE) / RATE
    tone = (np.sin(2 * np.pi * 200 * time) * np.where(np.abs(time - 0.5) < 0.1, 1.3, 0.5)).astype(
        np.float32
    )
    out = say(LoudnessBook(), [tone])
    spectrum = np.abs(np.fft.rfft(out[int(0.42 * RATE) : int(0.58 * RATE)] * np.hanning(3528)))
    fundamental, third = (spectrum[round(hz * 3528 / RATE)] for hz in (200, 600))
    assert third < fundamental * 10 ** (-45 / 20)


def test_after_a_loud_moment_the_gain_comes_back_slowly_and_wholly() -> None:
    raw = np.full(RATE, 0.5, np.float32)
    raw[5_000:5_100] = 1.25
    gain = say(LoudnessBook(), [raw])[300:] / raw[300:] / CEILING  # after the first ramp
    climb_db_per_s = np.diff(20 * np.log10(gain)) * RATE
    assert gain.min() < 0.82
    assert climb_db_per_s.max() < 31
    assert gain[-RATE // 2 :] == pytest.approx(1, abs=1e-5)
