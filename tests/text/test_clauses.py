"""Where a long sentence may be cut so that speech begins early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.text.sentences import split_clause
from wyoming_voiceclone.text.verbatim import verbatim


@pytest.mark.parametrize(
    ("sentence", "first"),
    [
        (
            "When the sun goes down tonight, the lights in the garden come on.",
            "When the sun goes down tonight, ",
        ),
        (
            "The garden lights are on; the kitchen is dark and the door is shut.",
            "The garden lights are on; ",
        ),
        (
            "The lamp in the hall is on because somebody forgot to turn it off.",
            "The lamp in the hall is on ",
        ),
        ("厨房里的灯现在是开着的对吧，客厅里的灯已经关了很久很久了是不是。", None),
        ("It costs exactly 1,000,000 crowns without any place to breathe.", None),
        ("Somebody (a cat, a dog, or a fox) has been in the garden tonight.", None),
    ],
)
def test_a_long_sentence_is_cut_at_a_clause(sentence: str, first: str | None) -> None:
    parts = split_clause(sentence, at_least=16, at_most=40)
    assert (parts[0] if parts else None) == first
    assert parts is None or "".join(parts) == sentence


_CHARACTERS = ", ;—-()[]“”x\u200d\u0301\ufdd0\ufdd1"
_FRAGMENTS = st.sampled_from([*_CHARACTERS, "words ", " and "])
_TEXTS = st.lists(_FRAGMENTS, max_size=80).map("".join)


@given(_TEXTS, st.integers(1, 40), st.integers(1, 200))
def test_a_clause_cut_keeps_every_character(text: str, at_least: int, at_most: int) -> None:
    parts = split_clause(text, at_least=at_least, at_most=at_most)
    if parts is not None:
        assert "".join(parts) == text
        assert at_least <= len(parts[0]) <= at_most
        assert len(parts[1]) >= at_least


def test_what_is_marked_verbatim_is_never_cut() -> None:
    sentence = (
        f"The station {verbatim('Wien, Praterstern and so on, forever')}, is closed until noon."
    )
    parts = split_clause(sentence, at_least=10, at_most=60)
    assert parts is not None
    assert parts[1] == "is closed until noon."
