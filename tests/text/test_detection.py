"""The language of a sentence, among those that somebody speaks."""

import pytest

from wyoming_voiceclone.text.detection import LanguageGuess, detected

pytest.importorskip("py3langid")

SENTENCES = {
    "en": ["Dinner is ready.", "Good morning, everybody.", "The lights in the kitchen are on."],
    "de": ["Das Essen ist fertig.", "Guten Morgen!", "Es sind 21 Grad im Wohnzimmer."],
    "fr": ["Le dîner est prêt.", "Bonjour tout le monde."],
    "pl": ["Obiad jest gotowy.", "Dzień dobry wszystkim."],
}


@pytest.mark.parametrize(
    ("language", "text"), [(tag, text) for tag, texts in SENTENCES.items() for text in texts]
)
def test_a_sentence_tells_its_language(language: str, text: str) -> None:
    other = "de" if language == "en" else "en"
    assert detected(text, [f"{other}-XX", f"{language}-YY"]) == f"{language}-YY"


@pytest.mark.parametrize("text", ["", "OK", "Hallo Oma", "12:30", "…", "\x00"])
def test_what_could_be_either_is_not_guessed(text: str) -> None:
    assert detected(text, ["en", "de"]) is None


def test_only_a_language_that_is_spoken_is_told() -> None:
    assert detected("Das Essen ist fertig.", ["en", "fr"]) in {"en", "fr", None}
    assert detected("Das Essen ist fertig.", []) is None


async def test_a_short_sentence_is_in_the_language_of_the_one_before() -> None:
    guess = LanguageGuess(["en", "de"])
    said = ["OK.", "Das Essen ist fertig.", "OK.", "Dinner is ready for everybody.", "OK."]
    assert [await guess.of(text) for text in said] == ["en", "de", "de", "en", "en"]
