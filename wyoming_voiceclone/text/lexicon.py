"""The user's pronunciations: `lexicon.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.text.phonemes import pronounced, respell, unmarkable

EVERY_LANGUAGE = "all"
MAX_ENTRIES = 20_000
"""Of one file; beyond it a sentence would wait for its lexicon."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")
# scripts that put no space between words, so that a word has no edges to look for
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How one word is said: in other letters, or in IPA."""

    say: str | None = None
    ipa: str | None = None
    any_case: bool = True

    def of(self, spelling: str) -> str:
        """What stands in the sentence instead of `spelling`."""
        return pronounced(self.ipa, spelling) if self.ipa else unmarkable(self.say or spelling)


Table = Mapping[str, Pronunciation]


class Lexicon:
    """Words said otherwise than they are written; whole words, the longest first."""

    def __init__(self, tables: Mapping[str, Table] | None = None) -> None:
        self._tables = {_tag(language): table for language, table in (tables or {}).items()}
        self._compiled: dict[str, _Compiled] = {}

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        """Read a lexicon; raises ConfigError with the line and the remedy."""
        try:
            text = path.read_text(encoding="utf-8")
            document = tomllib.loads(text)
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror} — make the file readable") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: not UTF-8 text — save it as UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(
                f'{path}: {error} — a line reads: "word" = "how to say it"'
            ) from error
        return cls(_Reader(path, text).tables(document))

    def apply(self, text: str, language: str) -> str:
        """The normalised sentence with the pronunciations of `language` in it."""
        compiled = self._for(_tag(language))
        return respell(text, compiled.apply) if compiled.words else text

    def _for(self, language: str) -> "_Compiled":
        if language not in self._compiled:
            table: dict[str, Pronunciation] = {}
            for tag in (EVERY_LANGUAGE, language.partition("-")[0], language):
                table |= self._tables.get(tag, {})
            self._compiled[language] = _Compiled.of(table)
        return self._compiled[language]


@dataclass(frozen=True, slots=True)
class _Compiled:
    pattern: re.Pattern[str]
    words: Mapping[str, Pronunciation]
    """By spelling, and by lower-case spelling where the case does not matter."""

    @classmethod
    def of(cls, table: Table) -> "_Compiled":
        words = {" ".join(word.split()): said for word, said in table.items()}
        words |= {w.lower(): said for w, said in words.items() if said.any_case}
        spellings = sorted(words, key=len, reverse=True)
        pattern = "|".join(_pattern(word) for word in spellings)
        return cls(re.compile(pattern, re.IGNORECASE), words)

    def apply(self, text: str) -> str:
        return self.pattern.sub(self._say, text)

    def _say(self, match: re.Match[str]) -> str:
        spelling = " ".join(match[0].split())
        said = self.words.get(spelling) or self.words.get(spelling.lower())
        if said is None or not (said.any_case or spelling in self.words):
            return match[0]
        return said.of(match[0])


def _pattern(word: str) -> str:
    before = r"(?<!\w)" if _has_edge(word[0]) else ""
    after = r"(?!\w)" if _has_edge(word[-1]) else ""
    return before + r"\s+".join(re.escape(part) for part in word.split()) + after


def _has_edge(character: str) -> bool:
    return (character.isalnum() or character == "_") and not _UNSPACED.match(character)


def _tag(language: str) -> str:
    return language.replace("_", "-").lower()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns a parsed file into tables, and mistakes into messages."""

    path: Path
    text: str

    def tables(self, document: Mapping[str, Any]) -> dict[str, dict[str, Pronunciation]]:
        tables = {language: self._table(language, table) for language, table in document.items()}
        if (count := sum(map(len, tables.values()))) > MAX_ENTRIES:
            raise ConfigError(f"{self.path}: {count} entries, at most {MAX_ENTRIES} — remove some")
        return tables

    def _table(self, language: str, table: Any) -> dict[str, Pronunciation]:
        if not isinstance(table, dict):
            raise self._mistake(language, "stands outside a table", "put it below [all] or [en]")
        if language != EVERY_LANGUAGE and not _LANGUAGE.match(language):
            raise self._mistake(language, "is no language", "use [all], [en], [de], [en-GB] …")
        return {word: self._entry(word, value) for word, value in table.items()}

    def _entry(self, word: str, value: Any) -> Pronunciation:
        entry = {"say": value} if isinstance(value, str) else value
        if not word.strip() or not isinstance(entry, dict):
            raise self._mistake(
                word, "is no pronunciation", 'write "other letters" or { ipa = "…" }'
            )
        if unknown := sorted(entry.keys() - {"say", "ipa", "case"}):
            raise self._mistake(
                word, f"has an unknown {unknown[0]!r}", "it can have say, ipa, case"
            )
        say, ipa = entry.get("say"), entry.get("ipa")
        given = [part for part in (say, ipa) if part is not None]
        if len(given) != 1 or not isinstance(given[0], str):
            raise self._mistake(word, "needs one of say and ipa", "give exactly one, a text")
        case = entry.get("case", word != word.lower())
        if not isinstance(case, bool):
            raise self._mistake(word, "has a case that is no true or false", "write case = true")
        return self._pronunciation(word, say, ipa, any_case=not case)

    def _pronunciation(
        self, word: str, say: str | None, ipa: str | None, *, any_case: bool
    ) -> Pronunciation:
        if ipa is None:
            return Pronunciation(say=say, any_case=any_case)
        ipa = ipa.strip().strip("/[]").strip()
        if not ipa or "|" in ipa:
            raise self._mistake(word, "has an IPA that cannot be read", 'write ipa = "ʃɪˈvɔːn"')
        return Pronunciation(ipa=ipa, any_case=any_case)

    def _mistake(self, key: str, fact: str, remedy: str) -> ConfigError:
        line = re.search(
            rf"^\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\]=]", self.text, re.MULTILINE
        )
        where = f"line {self.text.count(chr(10), 0, line.end()) + 1}: " if line else ""
        return ConfigError(f"{self.path}: {where}{key!r} {fact} — {remedy}")
