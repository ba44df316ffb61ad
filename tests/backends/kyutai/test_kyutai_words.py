"""Words on their way from a text that is still being written."""

import queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.backends.kyutai.words import Words


def taken(words: Words) -> list[str]:
    return [*iter(lambda: words.take(0), None)]


@given(st.text(alphabet=" \nab,."), st.data())
def test_words_do_not_depend_on_how_the_text_was_cut(text: str, data: st.DataObject) -> None:
    words, at = Words(), 0
    while at < len(text):
        size = data.draw(st.integers(1, len(text) - at))
        words.add(text[at : at + size])
        at += size
    words.end()
    assert taken(words) == text.split()


def test_a_word_is_whole_when_a_space_follows_it() -> None:
    words = Words()
    words.add("kit")
    with pytest.raises(queue.Empty):
        words.take(0)
    words.add("chen li")
    assert words.take(0) == "kitchen"
    words.end()
    assert taken(words) == ["li"]
    assert words.take(0) is None


def test_a_failure_comes_after_the_words_before_it() -> None:
    words = Words()
    words.add("one two ")
    words.fail(ValueError("torn"))
    assert [words.take(0), words.take(0)] == ["one", "two"]
    with pytest.raises(ValueError, match="torn"):
        words.take(0)
