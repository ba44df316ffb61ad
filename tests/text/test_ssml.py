"""SSML: what is honoured, what is said to be ignored, what is survived."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.text.normalize import normalize
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.text.sentences import SentenceSplitter
from wyoming_voiceclone.text.ssml import Break, Span, parse_ssml
from wyoming_voiceclone.text.xsampa import ipa_from_xsampa


def read(document: str, language: str = "en") -> list[str | float]:
    """What is said, sentence by sentence, and how long the breaks are."""
    out: list[str | float] = []
    for item in parse_ssml(document).items:
        if isinstance(item, Break):
            out.append(item.seconds)
        else:
            splitter = SentenceSplitter(item.language or language)
            sentences = [*splitter.feed(item.text), *splitter.finish()]
            out += [normalize(sentence, item.language or language) for sentence in sentences]
    return [part for part in out if part != ""]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<speak>Hello  there\n you.</speak>", ["Hello there you."]),
        ("Without a root", ["Without a root"]),
        ("<?xml version='1.0'?><speak version='1.1'>Hi</speak>", ["Hi"]),
        ("<speak><p>One</p><p>Two</p></speak>", ["One.", "Two."]),
        ("<s>One two</s><s>Three</s>", ["One two.", "Three."]),
        ('One<break time="250ms"/>two', ["One", 0.25, "two"]),
        ('One<break time="1.5s"/>two<break/>', ["One", 1.5, "two", 0.5]),
        ('a<break strength="none"/>b<break strength="strong"/>c', ["a b", 0.8, "c"]),
        ('<sub alias="World Wide Web">WWW</sub> page', ["World Wide Web page"]),
        ('<sub alias="5 km [[x|y]]">far</sub>', ["5 km xy"]),
        ('<phoneme ph="ʃɪˈvɔːn">Siobhan</phoneme> sings.', ["[[ʃɪˈvɔːn|Siobhan]] sings."]),
        ('<phoneme alphabet="x-sampa" ph="SI&quot;vO:n">S</phoneme>', ["[[ʃɪˈvɔːn|S]]"]),
        ('<say-as interpret-as="characters">HA 5 km</say-as>', ["H, A, 5, K, M"]),
        ('<say-as interpret-as="telephone">555-1234</say-as>', ["5 5 5, 1 2 3 4"]),
        ('the <say-as interpret-as="ordinal">21</say-as> day', ["the twenty-first day"]),
        ('<say-as interpret-as="cardinal">5</say-as> km', ["5 kilometers"]),
        ('<say-as interpret-as="date" format="dmy">3.4.2026</say-as>', ["April third, 2026"]),
        ('<say-as interpret-as="time">14:30</say-as>', ["14 30"]),
        ('<say-as interpret-as="currency">$5.50</say-as>', ["5 dollars and 50 cents"]),
        ("Tom & Jerry, 3 < 5 &amp; &eacute;t&eacute;", ["Tom and Jerry, 3 less than 5 and été"]),
        ("Hi<metadata>not this</metadata>!", ["Hi!"]),
        ("plain [[a|b]] text", ["plain a b text"]),
        ("Dr. <phoneme ph='a. B'>x</phoneme> is here. Yes.",
         ["Doctor [[a. B|x]] is here.", "Yes."]),
        ("", []),
        ("<speak/>", []),
    ],
)  # fmt: skip
def test_the_common_subset_is_honoured(document: str, said: list[str | float]) -> None:
    assert read(document) == said


def test_an_ordinal_is_said_in_the_language_of_the_request() -> None:
    assert read('der <say-as interpret-as="ordinal">3</say-as> Tag', "de") == ["der dritte Tag"]


def test_manners_nest_and_end_with_their_element() -> None:
    document = (
        '<speak xml:lang="en-GB">a<prosody rate="slow">b<prosody rate="+20%">c</prosody></prosody>'
        '<voice name="amy">d<lang xml:lang="de">e</lang></voice>f</speak>'
    )
    assert parse_ssml(document).items == (
        Span("a", language="en-GB"),
        Span("b", language="en-GB", speed=0.75),
        Span("c", language="en-GB", speed=0.75 * 1.2),
        Span("d", voice="amy", language="en-GB"),
        Span("e", voice="amy", language="de"),
        Span("f", language="en-GB"),
    )


@pytest.mark.parametrize(
    ("rate", "speed"),
    [("x-slow", 0.5), ("fast", 1.25), ("80%", 0.8), ("1.5", 1.5), ("-10%", 0.9), ("900%", 4.0)],
)
def test_a_rate_is_a_speed(rate: str, speed: float) -> None:
    (span,) = parse_ssml(f'<prosody rate="{rate}">x</prosody>').items
    assert isinstance(span, Span)
    assert span.speed == pytest.approx(speed)


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ('<emphasis level="strong">x</emphasis>', "emphasis"),
        ('<audio src="a.mp3">x</audio>', "audio"),
        ('x<mark name="here"/>', "mark"),
        ('<prosody pitch="high">x</prosody>', "pitch"),
        ('<prosody rate="quickly">x</prosody>', "rate"),
        ('<amazon:effect name="whispered">x</amazon:effect>', "amazon:effect"),
        ('<say-as interpret-as="poem">x</say-as>', "interpret-as"),
        ('<phoneme alphabet="foo" ph="a">x</phoneme>', "alphabet"),
        ('x<break time="soon"/>', "break"),
        ('x<break time="90s"/>', "at most 10 s"),
        ("<speak>x", "not well-formed"),
        ("<speak>x</voice>", "not well-formed"),
    ],
)
def test_what_is_ignored_is_named_and_the_words_are_read(document: str, word: str) -> None:
    ssml = parse_ssml(document)
    assert len(ssml.ignored) == 1
    assert word in ssml.ignored[0]
    assert [item.text.strip() for item in ssml.items if isinstance(item, Span)] == ["x"]


def test_a_billion_laughs_are_not_expanded() -> None:
    entities = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    ssml = parse_ssml(f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><speak>Hi &a9;</speak>')
    assert sum(len(item.text) for item in ssml.items if isinstance(item, Span)) < 20
    late = parse_ssml('<speak>Hi <!DOCTYPE x [<!ENTITY a "ha">]>&a; you</speak>')
    assert "Hi" in "".join(item.text for item in late.items if isinstance(item, Span))


def test_the_deep_and_the_large_are_survived_in_no_time() -> None:
    begin = time.process_time()
    for document in ("<s>" * 50_000, "<p>x</p>" * 20_000, "<!DOCTYPE [" * 10_000, "&" * 100_000):
        parse_ssml(document)
    parse_ssml("<speak>" + "x<b/>" * 20_000 + "</speak>")
    assert time.process_time() - begin < 3


def test_a_mark_of_ours_cannot_be_smuggled_in() -> None:
    (span,) = parse_ssml("a &#xfdd0;[[x|y]]&#xfdd1; b \ufdd0[[x|y]]\ufdd1").items
    assert isinstance(span, Span)
    assert spelled(normalize(span.text, "en")) == "a x y b x y"


_TAGS = (
    "<speak>",
    "</speak>",
    "<p>",
    "</p>",
    "<break/>",
    '<sub alias="x">',
    "</sub>",
    "<!--",
    "-->",
)
_REST = (
    '<say-as interpret-as="digits">',
    "</say-as>",
    "&amp;",
    "&",
    "<",
    "<![CDATA[",
    "]]>",
    "&#0;",
)
_PIECES = st.sampled_from([*_TAGS, *_REST, "word"])


@given(st.lists(_PIECES | st.text(max_size=5), max_size=20).map("".join))
def test_no_document_breaks_it(document: str) -> None:
    ssml = parse_ssml(document)
    assert all(isinstance(item, Break) or item.text for item in ssml.items)
    assert len(ssml.ignored) <= 20


def test_x_sampa_becomes_ipa() -> None:
    assert ipa_from_xsampa('h@"l@U') == "həˈləʊ"
