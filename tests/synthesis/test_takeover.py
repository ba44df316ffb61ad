"""A sentence that breaks off is gone on with at the word that was reached, without an edge."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import SynthesisRequest, Timing
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.synthesis.takeover import FADE_S, Joint, reached
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.voices import Voice

RATE = 16_000
TEXT = "“One, two!” said [[ʃɪˈvɔːn|Siobhan]] – to 33 people."
WORDS = ["One", "two", "said", "Siobhan", "to", "33", "people"]
ALIGNED = [Timing(word, n * 0.5, n * 0.5 + 0.5) for n, word in enumerate(WORDS)]


@pytest.mark.parametrize(
    ("heard_s", "left", "share"),
    [
        (0.0, TEXT, 0.0),
        (0.25, TEXT, 0.5),
        (0.5, "two!” said [[ʃɪˈvɔːn|Siobhan]] – to 33 people.", 0.0),
        (1.6, "[[ʃɪˈvɔːn|Siobhan]] – to 33 people.", 0.2),
        (2.0, "to 33 people.", 0.0),
        (3.4, "people.", 0.8),
    ],
)
def test_the_word_that_was_reached_is_where_it_goes_on(
    heard_s: float, left: str, share: float
) -> None:
    place = reached(TEXT, ALIGNED, heard_s)
    assert place is not None
    assert place.text == left
    assert place.share == pytest.approx(share)
    own = [Timing(left.split(maxsplit=1)[0], 0.1, 0.3)]
    assert place.skip_s(own) == pytest.approx(0.1 + share * 0.2)
    assert place.skip_s([]) == 0


def test_words_not_aligned_yet_are_still_to_come() -> None:
    place = reached(TEXT, ALIGNED[:3], 1.5)
    assert place is not None
    assert place.text.startswith("[[ʃɪ")


def test_nothing_is_left_after_the_last_word() -> None:
    assert reached(TEXT, ALIGNED, 3.5) is None


def test_an_alignment_that_joins_words_is_followed_by_its_letters() -> None:
    place = reached("one of the best", [Timing("one", 0, 0.2), Timing("of the", 0.2, 0.4)], 0.4)
    assert place is not None
    assert place.text == "best"


def test_without_an_alignment_it_goes_on_at_the_clause() -> None:
    text = "The kitchen light is on, and the door is open; it is five o'clock."
    lefts = [reached(text, [], seconds) for seconds in (0.0, 1.0, 2.5, 4.0)]
    assert [left and left.text[:5] for left in lefts] == ["The k", "The k", "and t", "it is"]


@given(st.lists(st.integers(0, 2_000), max_size=12))
def test_without_a_takeover_every_sample_passes_unchanged(sizes: Sequence[int]) -> None:
    sound = np.sin(np.arange(sum(sizes)) / 7).astype(np.float32)
    joint = Joint(RATE)
    parts = [joint.feed(part) for part in np.split(sound, np.cumsum(sizes)[:-1])] if sizes else []
    assert np.array_equal(np.concatenate([*parts, joint.finish()]), sound)


@given(st.lists(st.integers(0, 2_000), min_size=1, max_size=12), st.sampled_from([0.0, 0.05]))
def test_the_joint_does_not_depend_on_how_the_sound_comes(
    sizes: Sequence[int], skip_s: float
) -> None:
    new = np.concatenate([np.zeros(800), np.ones(sum(sizes))]).astype(np.float32) * 0.5
    whole = joined(skip_s, [new])
    pieces = joined(skip_s, np.split(new, np.cumsum(sizes)))
    assert np.allclose(whole, pieces, atol=1e-6)
    assert len(whole) == max(4_000, 4_000 + sum(sizes) - round(FADE_S * RATE))


def joined(skip_s: float, new: Sequence[Chunk]) -> Chunk:
    joint = Joint(RATE)
    first = joint.feed(np.full(4_000, 0.5, np.float32))
    joint.cross(skip_s)
    return np.concatenate([first, *(joint.feed(part) for part in new), joint.finish()])


def test_two_voices_of_one_loudness_make_no_edge() -> None:
    sound = joined(0.05, [np.concatenate([np.zeros(800), np.full(8_000, 0.5)]).astype(np.float32)])
    assert np.abs(np.diff(sound)).max() < 0.002


def test_a_long_silence_at_the_beginning_is_not_waited_for() -> None:
    quiet = np.zeros(2 * RATE, np.float32)
    sound = joined(0.0, [quiet])
    assert len(sound) / RATE == pytest.approx(0.25 + 2.0 - 0.5 - FADE_S)


BOB = Voice("bob", ("en",))


def two(*, aligned: bool, die: str = "two", follower_aligned: bool = True) -> Router:
    first = ScriptedBackend("first", die=die, aligned=aligned)
    second = ScriptedBackend("second", voices=[BOB], rate=RATE, aligned=follower_aligned)
    return Router([first, second], RouterLimits(first_chunk_s=1, next_chunk_s=0.2))


async def spoken_s(router: Router, text: str) -> float:
    rate, samples = await speak(router, SynthesisRequest(text, "ada"))
    return len(samples) / rate


async def test_every_word_is_said_once_when_both_are_aligned() -> None:
    assert await spoken_s(two(aligned=True), "one two three four") == pytest.approx(0.4, abs=0.002)


async def test_a_follower_without_an_alignment_says_the_word_again() -> None:
    router = two(aligned=True, follower_aligned=False)
    assert await spoken_s(router, "one two three four") == pytest.approx(0.17 + 0.3, abs=0.002)


async def test_a_backend_that_dies_after_the_last_word_has_said_it_all() -> None:
    assert await spoken_s(two(aligned=True, die="one"), "one") == pytest.approx(0.1, abs=0.002)


async def test_the_follower_may_die_too() -> None:
    third = ScriptedBackend("third", voices=[Voice("eve", ("en",))], aligned=True)
    first = ScriptedBackend("first", die="five", aligned=True)
    second = ScriptedBackend("second", voices=[BOB], die="five", aligned=True)
    router = Router([first, second, third])
    seconds = await spoken_s(router, "one two three four five six seven eight")
    assert seconds == pytest.approx(0.8, abs=0.005)
    assert third.spoken[-1].text == "five six seven eight"
