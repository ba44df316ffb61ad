"""The user's lexicon: which words it touches, and what it says about its own mistakes."""

from pathlib import Path

import pytest

from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.text.lexicon import Lexicon


def lexicon(tmp_path: Path, text: str) -> Lexicon:
    path = tmp_path / "lexicon.toml"
    path.write_text(text, encoding="utf-8")
    return Lexicon.load(path)


WORDS = """
[all]
Siobhan = { ipa = "/ʃɪˈvɔːn/" }
HA = "Home Assistant"
router = "rooter"
"living room" = "lounge"
"living room lamp" = "floor lamp"
GIF = { say = "jif", case = false }
"C++" = "see plus plus"

[en]
data = "dayta"

[en-GB]
data = "dahta"

[de]
router = "Ruter"

[ja]
"今日" = "きょう"
"""


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "Hello Siobhan!", "Hello [[ʃɪˈvɔːn|Siobhan]]!"),
        ("en", "siobhan", "siobhan"),
        ("en", "HA and ha", "Home Assistant and ha"),
        ("en", "The Router, routers", "The rooter, routers"),
        ("en", "living  room lamp", "floor lamp"),
        ("en", "living room", "lounge"),
        ("en", "a gif, a GIF", "a jif, a jif"),
        ("en", "use C++ now", "use see plus plus now"),
        ("en", "data", "dayta"),
        ("en_US", "data", "dayta"),
        ("en-GB", "data", "dahta"),
        ("de", "data router", "data Ruter"),
        ("fr", "router", "rooter"),
        ("ja", "今日は", "きょうは"),
        ("en", "[[a|router]] router", "[[a|router]] rooter"),
        ("en", "", ""),
    ],
)
def test_whole_words_are_said_as_the_lexicon_tells(
    tmp_path: Path, language: str, text: str, said: str
) -> None:
    assert lexicon(tmp_path, WORDS).apply(text, language) == said


def test_an_empty_lexicon_changes_nothing(tmp_path: Path) -> None:
    assert lexicon(tmp_path, "").apply("any text", "en") == "any text"
    assert Lexicon().apply("any text", "en") == "any text"


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("[all]\nfoo = = 3", ["line 2"]),
        ('foo = "bar"', ["line 1", "'foo'", "[all]"]),
        ('[all]\n\nfoo = { spell = "x" }', ["line 3", "'foo'", "spell"]),
        ("[all]\nfoo = 3", ["line 2", "'foo'"]),
        ('[all]\nfoo = { say = "a", ipa = "b" }', ["line 2", "exactly one"]),
        ("[all]\nfoo = {}", ["line 2", "exactly one"]),
        ('[all]\nfoo = { ipa = "" }', ["line 2", "IPA"]),
        ('[all]\nfoo = { say = "a", case = 1 }', ["line 2", "case"]),
        ('[english]\nfoo = "a"', ["line 1", "'english'", "[en]"]),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(
    tmp_path: Path, text: str, facts: list[str]
) -> None:
    with pytest.raises(ConfigError) as problem:
        lexicon(tmp_path, text)
    for fact in ["lexicon.toml", " — ", *facts]:
        assert fact in str(problem.value)


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        Lexicon.load(tmp_path / "gone.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        Lexicon.load(tmp_path / "bad.toml")
