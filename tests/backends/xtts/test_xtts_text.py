"""What XTTS is told: languages, pieces of text, settings; needs none of its libraries."""

import pytest

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.xtts import ENGINE, XttsSettings
from wyoming_voiceclone.backends.xtts.breaths import breaths, encoded
from wyoming_voiceclone.backends.xtts.languages import LANGUAGES, language_of
from wyoming_voiceclone.backends.xtts.numbers import readable
from wyoming_voiceclone.backends.xtts.settings import sampling
from wyoming_voiceclone.errors import BadRequest
from wyoming_voiceclone.testing.conformance import BCP_47

LONG = (
    "When the train had left the station, and nobody was on the platform any more, she opened "
    "the letter; it was from her brother, who had gone to sea, and it was longer than usual."
)


def test_seventeen_languages_are_declared_by_their_tags() -> None:
    assert len(LANGUAGES) == 17
    assert all(BCP_47.fullmatch(tag) for tag in LANGUAGES)
    assert ENGINE.declared.languages[0] == "en"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("zh", "zh-cn"),
        ("zh-Hant-TW", "zh-cn"),
        ("cmn", "zh-cn"),
        ("DE", "de"),
    ],
)
def test_a_region_is_spoken_as_its_language(tag: str, code: str) -> None:
    language = language_of(tag)
    assert language is not None
    assert language.code == code


@pytest.mark.parametrize("tag", ["sv", "yue", "", "eng"])
def test_another_language_is_not_spoken(tag: str) -> None:
    assert language_of(tag) is None


def test_people_agree_to_the_licence_of_the_weights_that_are_downloaded() -> None:
    (weights,) = ENGINE.weights(XttsSettings())
    assert weights.licence.accept
    assert "ommercial" in weights.licence.gist
    assert len(weights.revision) == 40
    assert ENGINE.weights(XttsSettings(model="/mine")) == ()


def test_a_short_sentence_is_said_in_one_breath() -> None:
    assert breaths("Good Morning, Ada.", 250) == ["good morning, ada."]


def test_a_long_sentence_is_cut_where_one_would_breathe() -> None:
    pieces = breaths(LONG, 60)
    assert " ".join(pieces) == LONG.lower()
    assert all(len(piece) <= 60 for piece in pieces)
    assert [piece[-1] for piece in pieces] == [",", ",", ";", ",", "."]


def test_a_word_longer_than_a_breath_is_cut_anywhere() -> None:
    pieces = breaths("a" * 500, 71)
    assert "".join(pieces) == "a" * 500
    assert max(map(len, pieces)) <= 71


@pytest.mark.parametrize("text", ["", "…", " \u200b ", "🙂!", "[] [", "\x00"])
def test_nothing_to_say_is_no_breath(text: str) -> None:
    assert breaths(text, 250) == []


def test_commands_to_the_model_are_no_commands_in_a_text() -> None:
    assert breaths("[de]Hello[STOP] you", 250) == ["de hello stop  you"]


@pytest.mark.parametrize(
    ("tag", "written", "read"),
    [
        ("en", "Call 1234567890123456 now.", "Call 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 now."),
        ("en", "It is 5.", "It is 5."),
        ("cs", "Je jich 5. A 2.5 l. Už 1.", "Je jich 5 . A 2.5 l. Už 1 ."),
        ("hi", "12", " एक  दो "),
        ("hi", "१,२०३.४", " एक  दो  शून्य  तीन  दशमलव  चार "),
    ],
)
def test_numbers_that_the_library_cannot_read_are_written_otherwise(
    tag: str, written: str, read: str
) -> None:
    assert readable(written, LANGUAGES[tag]) == read


def test_what_takes_too_many_tokens_is_said_in_parts() -> None:
    found = [*encoded("one two three four five six", lambda text: [ord(c) for c in text], 10)]
    assert all(len(tokens) <= 10 for _, tokens in found)
    assert " ".join(piece for piece, _ in found) == "one two three four five six"


def test_a_text_of_nothing_but_tokens_is_refused() -> None:
    with pytest.raises(BadRequest, match="write it in words"):
        [*encoded("1234", lambda _: range(1000), 401)]


def test_a_request_is_drawn_as_it_asks_and_else_as_the_settings_say() -> None:
    settings = XttsSettings(temperature=0.5, top_k=40)
    request = SynthesisRequest("Hi.", "ada", settings={"temperature": 0.9, "strength": 0.3})
    assert sampling(settings, request) == {
        "temperature": 0.9,
        "top_k": 40,
        "top_p": 0.85,
        "repetition_penalty": 5.0,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", 0), ("top_p", 1.5), ("top_k", "all"), ("repetition_penalty", float("nan"))],
)
def test_an_impossible_setting_is_refused_by_its_name(name: str, value: float | str) -> None:
    with pytest.raises(BadRequest, match=f"ada: {name}"):
        sampling(XttsSettings(), SynthesisRequest("Hi.", "ada", settings={name: value}))
