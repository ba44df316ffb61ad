"""docs/text.md tells the truth."""

import re
from pathlib import Path

import pytest

from wyoming_voiceclone.text.lexicon import Lexicon
from wyoming_voiceclone.text.normalize import normalize
from wyoming_voiceclone.text.sentences import SentenceSplitter
from wyoming_voiceclone.text.ssml import Break, parse_ssml

PAGE = (Path(__file__).parents[2] / "docs" / "text.md").read_text(encoding="utf-8")


def rows(section: str, columns: int) -> list[list[str]]:
    """The rows of code in the tables of one section; several pieces of code in the last cell."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    text = text.split("| SSML | said |")[-1]
    cells = [
        re.split(r"(?<!\\) \| ", line.strip("| ")) for line in text.splitlines() if "|" in line
    ]
    return [row for row in cells if len(row) == columns and row[-1].startswith("`")]


def code(cell: str) -> list[str]:
    return [part.replace("\\|", "|") for part in re.findall(r"`([^`]*)`", cell)]


def split(text: str, language: str) -> list[str]:
    splitter = SentenceSplitter(language)
    return [*splitter.feed(text), *splitter.finish()]


@pytest.mark.parametrize("row", rows("Sentences", 3))
def test_sentences_are_cut_as_documented(row: list[str]) -> None:
    assert split(code(row[1])[0], row[0]) == code(row[2])


@pytest.mark.parametrize("row", rows("Normaliser", 3))
def test_text_is_read_as_documented(row: list[str]) -> None:
    assert [normalize(code(row[1])[0], row[0])] == code(row[2])


@pytest.mark.parametrize("row", rows("Lexicon", 3))
def test_words_are_said_as_documented(row: list[str], tmp_path: Path) -> None:
    path = tmp_path / "lexicon.toml"
    path.write_text(PAGE.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert [Lexicon.load(path).apply(code(row[1])[0], row[0])] == code(row[2])


@pytest.mark.parametrize("row", rows("SSML", 2))
def test_ssml_is_said_as_documented(row: list[str]) -> None:
    said: list[str] = []
    for item in parse_ssml(code(row[0])[0]).items:
        if isinstance(item, Break):
            said.append(f"{item.seconds:g} s")
        else:
            said += [normalize(sentence, "en") for sentence in split(item.text, "en")]
    assert [part for part in said if part] == code(row[1])


def test_no_table_of_examples_is_empty() -> None:
    assert len(rows("Sentences", 3)) >= 4
    assert len(rows("Normaliser", 3)) >= 20
    assert len(rows("Lexicon", 3)) >= 3
    assert len(rows("SSML", 2)) == 7
