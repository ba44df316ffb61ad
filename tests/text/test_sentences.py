"""The splitter: golden sentences of many languages, and the laws it never breaks."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.text.sentences import SentenceSplitter


def split(text: str, language: str | None = "en", *, size: int | None = None) -> list[str]:
    splitter = SentenceSplitter(language)
    pieces = [text] if size is None else [text[i : i + size] for i in range(0, len(text), size)]
    sentences = [sentence for piece in pieces for sentence in splitter.feed(piece)]
    return [*sentences, *splitter.finish()]


GOLDEN = [
    # (language, sentences with "|" where the text is to be cut)
    ("en", "Hello World. |My name is Jonas."),
    ("en", "What is your name? |My name is Jonas."),
    ("en", "There it is! |I found it."),
    ("en", "My name is Jonas E. Smith."),
    ("en", "Please turn to p. 55."),
    ("en", "Were Jane and co. at the party?"),
    ("en", "They closed the deal with Pitt, Briggs & Co. at noon."),
    ("en", "Let's ask Jane and co. |They should know."),
    ("en", "I can't see Mt. Fuji from here. |Dr. Who can."),
    ("en", "St. Michael's Church is on 5th St. near the light."),
    ("en", "I visited the U.S.A. last year."),
    ("en", "I live in the E.U. |How about you?"),
    ("en", "I work for the U.S. Government in Virginia."),
    ("en", "I have lived in the U.S. for 20 years."),
    ("en", "At 5 a.m. Mr. Smith went to the bank. |He left."),
    ("en", "The alarm is set for 6 a.m. |It will ring."),
    ("en", "She has $100.00 in her bag. |Good."),
    ("en", "He teaches science (He worked for 5 years as an engineer.) at the university."),
    ("en", 'She turned to him, "This is great." she said.'),
    ("en", 'She said, "This is great!" |Then she left.'),
    ("en", "“Stop!” he cried. |“Now.” |She did."),
    ("en", "Hello!! |Long time no see."),
    ("en", "Hello?! |Is that you?"),
    ("en", "The list is:\n|1. Milk\n|2. Eggs\n|Done."),
    ("en", "- First item.\n|- Second item\n|* Third"),
    ("en", "# Weather\n|It is sunny. |Enjoy."),
    ("en", "You can find it at N°. 1026.253.553. |That is where."),
    ("en", "She works at Yahoo! |in the accounting department."),
    ("en", "Her e-mail is Jane.Doe@example.com. |I sent it."),
    (
        "en",
        "The site is: https://www.example.50.com/new-site/awesome_content.html?a=1. Please".replace(
            ". Please", ". |Please"
        ),
    ),
    ("en", "Open home-assistant.io or config.yaml. |Then restart."),
    ("en", "Version 2026.11.0 is out. |It needs Python 3.11."),
    ("en", "Pi is 3.14. |That is 3,14 in Germany."),
    ("en", "Well ... what do you know. |Here it ... was."),
    ("en", "I don't know... |But we will see."),
    ("en", "It grew to 5 km. |The rest is 20 kg. |And 3 m. |Fine."),
    ("en", "J. R. R. Tolkien wrote it. |So did I. |Yes."),
    ("en", "it is on. |want more? |ok then"),
    ("en", "Use e.g. apples, pears, etc. |Then stir."),
    ("en", "The light is off 💡. |Anything else? 😊 |Good."),
    ("en", "Sure! 😊 |Let me see."),
    ("en", "No. 5 is alive. |The answer is no. |Then what?"),
    ("en", "First paragraph\n|\nSecond paragraph"),
    ("en", "Good morning\n|It is nine o'clock"),
    ("en", "The lights in\nthe kitchen are on."),
    ("en", "Try this:\n|```yaml\na: b. C\nd: e. F\n```\n|Done."),
    ("de", "Am 3. Mai kam z. B. Herr Dr. Müller. |Es ist 3. |Dann ging er."),
    ("de", "Das kostet ca. 3,14 Euro usw. |Gut so."),
    ("de", "Der 2. Weltkrieg endete 1945. |Im 21. Jahrhundert, d. h. heute, bzw. jetzt."),
    ("de", "Es ist 14.30 Uhr. |Es sind 21 °C. |Und 5 km. |Gut."),
    ("de", "Das ist Max. |Er wohnt in der Hauptstr. 5."),
    ("fr", "M. Dupont et Mme. Durand sont là. |Bonjour ! |Ça va ?"),
    ("fr", "« Venez ! » dit-il. |Il part."),
    ("es", "¡Hola! |¿Qué tal? |El Sr. García vive aquí. |P. ej. hoy."),
    ("it", "Il Sig. Rossi abita qui. |C'è pane, latte ecc. |Va bene?"),
    ("nl", "Dhr. de Vries is hier. |Dat is bijv. goed. |Toch?"),
    ("pt", "O Sr. Silva chegou. |São 3,5 km. |Tudo bem?"),
    ("pl", "Dziś jest 3. maja, m. in. święto. |To np. Kraków itd. |Dobrze."),
    ("ru", "Это т. е. хорошо. |А. С. Пушкин писал. |Да!"),
    ("zh", "你好。|今天天气很好！|是吗？|“好的。”|再见……好"),
    ("ja", "はい。|「そうです。わかりました。」|いいえ！|本当？！|ええ。"),
    ("ar", "مرحبا. |كيف حالك؟ |أنا بخير."),
    ("ur", "یہ اچھا ہے۔ |شکریہ۔"),
    ("hi", "यह अच्छा है। |धन्यवाद॥"),
    ("hy", "Բարեւ։ |Ինչպես ես։"),
    ("el", "Τι κάνεις; |Καλά. |Ευχαριστώ!"),
    ("xx", "Hello there. |How are you? |Dr. No is here."),
]


@pytest.mark.parametrize(("language", "marked"), GOLDEN)
def test_a_sentence_ends_where_a_reader_would_end_it(language: str, marked: str) -> None:
    text = marked.replace("|", "")
    assert split(text, language) == marked.split("|")


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize(("language", "marked"), GOLDEN)
def test_golden_sentences_are_the_same_in_small_chunks(
    language: str, marked: str, size: int
) -> None:
    text = marked.replace("|", "")
    assert split(text, language, size=size) == marked.split("|")


_CHARACTERS = (
    "aZ1.!?… \n\t\"'”)(」「。！;:,-#|*`>😊é\u200b\u200d\ufe0f\u0301\ufdd0\ufdd1\u2028\r»\xa0"
)
_WORDS = (
    "Dr",
    "e.g",
    "3. Mai",
    " am ",
    "- ",
    "1. ",
    "\n\n",
    "```",
    "```\n",
    "://",
    "a.m. ",
    "The ",
)
_LONG = ("word " * 30, "x" * 150)
_FRAGMENTS = st.sampled_from([*_CHARACTERS, *_WORDS, *_LONG])
_TEXTS = st.lists(_FRAGMENTS | st.text(max_size=5), max_size=60).map("".join)


@given(_TEXTS, st.data(), st.sampled_from(["en", "de", "el", "ja", None]))
def test_no_chunking_changes_the_sentences_or_loses_a_character(
    text: str, data: st.DataObject, language: str | None
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=20)))
    bounds = [0, *cuts, len(text)]
    splitter = SentenceSplitter(language)
    out = [s for a, b in pairwise(bounds) for s in splitter.feed(text[a:b])]
    out += splitter.finish()
    assert "".join(out) == text
    assert out == split(text, language) == split(text, language, size=1)
    assert all(out)


@given(st.lists(_TEXTS, max_size=6))
def test_pauses_lose_nothing(texts: list[str]) -> None:
    splitter = SentenceSplitter("en")
    out = [sentence for text in texts for sentence in [*splitter.feed(text), *splitter.pause()]]
    assert "".join([*out, *splitter.finish()]) == "".join(texts)


@given(_TEXTS)
def test_no_sentence_is_longer_than_the_limit(text: str) -> None:
    splitter = SentenceSplitter("en", max_chars=50)
    for sentence in [*splitter.feed(text), *splitter.finish()]:
        assert len(sentence) <= 50 or "```" in sentence


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("Hello there! H", ["Hello there! "]),
        ("Hello there! ", []),
        ("Hello there. H", ["Hello there. "]),
        ("A line\n\n", ["A line\n"]),
        ("- Milk\n", ["- Milk\n"]),
        ("Look:\n", ["Look:\n"]),
        ("你好。", ["你好。"]),
        ("「你好。", []),
        ("3.", []),
    ],
)
def test_a_sentence_leaves_as_soon_as_it_is_certainly_over(text: str, over: list[str]) -> None:
    assert SentenceSplitter("en").feed(text) == over


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("Hello there.", True),
        ("Hello there. ", True),
        ("Really?", True),
        ("The answer is no.", True),
        ('He said "Go."', True),
        ("Sure! 😊", True),
        ("Well...", True),
        ("One line\n", True),
        ("Hello there", False),
        ("Ask Dr.", False),
        ("It is 3.", False),
        ("It is 3. ", True),
        ("1. ", False),
        ("by J.", False),
        ("for e.g.", False),
        ("```\ncode. ", False),
        ("", False),
    ],
)
def test_a_pause_ends_what_reads_as_finished(text: str, *, finished: bool) -> None:
    splitter = SentenceSplitter("en")
    assert splitter.feed(text) == []
    assert splitter.pause() == ([text] if finished else [])
    assert splitter.finish() == ([text] if text and not finished else [])


def test_a_german_ordinal_survives_a_pause() -> None:
    splitter = SentenceSplitter("de-DE")
    splitter.feed("Wir kommen am 3. ")
    assert splitter.pause() == []
    assert [*splitter.feed("Mai. Gut"), *splitter.finish()] == ["Wir kommen am 3. Mai. ", "Gut"]


def test_a_run_on_is_cut_at_a_clause() -> None:
    text = "and then " * 30 + "it stopped, " + "and so on " * 40
    first = split(text)[0]
    assert first.endswith("it stopped, ")


def test_a_run_on_without_any_space_is_cut_but_never_inside_an_emoji() -> None:
    sentences = split("👩\u200d👩\u200d👧\u200d👦" * 200)
    assert len(sentences) > 1
    assert not any(sentence.startswith("\u200d") for sentence in sentences)


@pytest.mark.parametrize(
    "unit", ["a.a.a.", "....", "((((", "\n", " ", "a. b. ", "。", "\ufdd0", "1.\n", "``", "?!😊 "]
)
def test_time_is_linear_in_the_text(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        begin = time.process_time()
        split(text)
        return time.process_time() - begin

    small = min(seconds(25_000) for _ in range(2))
    assert seconds(200_000) < 8 * small * 3 + 0.2


def test_a_finished_splitter_is_as_new() -> None:
    splitter = SentenceSplitter("en")
    splitter.feed("Half a sen")
    splitter.finish()
    assert splitter.feed("1. Milk\n") == ["1. Milk\n"]
