"""What a sentence is read as: no markup, no symbols, nothing an engine stumbles over."""

import re
import unicodedata

import emoji

from wyoming_voiceclone.text.abbreviations import abbreviations
from wyoming_voiceclone.text.normalize import (
    dutch,
    english,
    french,
    german,
    italian,
    polish,
    portuguese,
    spanish,
)
from wyoming_voiceclone.text.normalize.addresses import addresses_read
from wyoming_voiceclone.text.normalize.amounts import measures_read, money_read
from wyoming_voiceclone.text.normalize.markup import is_line, without_markup
from wyoming_voiceclone.text.normalize.numbers import (
    dates_read,
    first_day_kept,
    numbers_read,
    ordinals_read,
    times_read,
)
from wyoming_voiceclone.text.normalize.words import Words
from wyoming_voiceclone.text.phonemes import respell, unmarkable
from wyoming_voiceclone.text.verbatim import OPEN, ORDINAL, pieces, unmarked

_TABLES = {
    "en": english.WORDS,
    "de": german.WORDS,
    "fr": french.WORDS,
    "es": spanish.WORDS,
    "it": italian.WORDS,
    "nl": dutch.WORDS,
    "pt": portuguese.WORDS,
    "pl": polish.WORDS,
}
_EMOJI_LANGUAGES = frozenset(("en", "de", "fr", "es", "it", "pt"))
# read now: a first emoji must not read a file while somebody waits
emoji.config.load_language(sorted(_EMOJI_LANGUAGES - {"en"}))

_DROPPED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
_LAST = frozenset(("etc.", "usw.", "ecc.", "enz.", "itd.", "itp."))
"""Abbreviations that end a sentence as often as not."""
_JOINERS = "\u200c\u200d"
"""Format characters that words of some scripts are spelled with."""
_MARKUP = re.compile(r"[\[\]|{}<>`*_\\^~]+")
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=8][-']?[)(DPp|/\\]|<3)(?!\S)")
_KEYCAP = re.compile("\ufe0f?\u20e3")
_QUOTES = re.compile('["“”„‟«»‹›]')
_HASHTAG = re.compile(r"(?<!\w)#(?=[^\W\d])")
_LEADING = re.compile(r"^[\s.,;:!?)\]}…·-]+")


def normalize(sentence: str, language: str, *, emoji_alone: bool = True) -> str:
    """What to read aloud for `sentence`, in one line; "" where there is nothing to say.

    Nothing but emoji is read by their names, unless `emoji_alone` is false: text came before.
    Text marked with `text.verbatim` stays as it is. Languages without a table get the clean-ups
    that hold for all.
    """
    words = _TABLES.get(language.replace("_", "-").partition("-")[0].lower())
    tag = language.replace("_", "-").lower()
    parts = pieces(_without_emoji(sentence, tag, alone=emoji_alone))
    # a word in front of a verbatim text is not the last one: `Dr. [[…]]`
    last = len(parts) - 1
    read = "".join(
        respell(part, unmarkable) if as_is else _read(part + OPEN * (at < last), words, tag)
        for at, (part, as_is) in enumerate(parts)
    )
    line = _tidy(unmarked(read))
    if not any(character.isalnum() for character in line):
        return ""
    return f"{line}." if is_line(sentence) and line[-1].isalnum() else line


def _read(text: str, words: Words | None, language: str) -> str:
    """One piece of plain text; its outer white space counts."""
    head = " " if text[:1].isspace() else ""
    tail = " " if text[-1:].isspace() else ""
    text = _printable(text)
    if words is not None:
        text = first_day_kept(text, words)
    text = without_markup(text, words.code if words else "")
    if words is None:
        return head + _MARKUP.sub(" ", text) + tail
    text = _abbreviations(addresses_read(text, words.dot, words.at), words, language)
    text = dates_read(text, words, language)
    text = times_read(text, words)
    text = numbers_read(text, words)
    text = ordinals_read(text, words, language)
    text = measures_read(money_read(text, words), words)
    return head + _MARKUP.sub(" ", _symbols(text, words)) + tail


def _without_emoji(text: str, language: str, *, alone: bool) -> str:
    """Emoji are ornament, unless there is nothing else."""
    text = _KEYCAP.sub("", text)
    plain = emoji.replace_emoji(_EMOTICON.sub(" ", text), " ")
    if not alone or plain == text or any(character.isalnum() for character in plain):
        return plain
    base = language.partition("-")[0]
    names = emoji.demojize(
        text, delimiters=(" ", ", "), language=base if base in _EMOJI_LANGUAGES else "en"
    )
    return names.replace("_", " ").strip(" ,")


def _printable(text: str) -> str:
    """Composed, and without what has no sound and no shape."""
    return "".join(
        character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace()
        or character in _JOINERS
        or character in (OPEN, ORDINAL)
        or unicodedata.category(character) not in _DROPPED
    )


def _abbreviations(text: str, words: Words, language: str) -> str:
    numbering = abbreviations(language).number
    for short, long in words.abbreviations.items():
        if short not in text:
            continue
        head = rf"(?<![\w.]){re.escape(short)}"
        if short in _LAST:
            text = re.sub(head + r"(?!\w)", long, re.sub(head + r"\s*$", f"{long}.", text))
        elif short.rstrip(".").lower() in numbering:
            text = re.sub(head + r"(?=\s*\d)", long, text)
        else:
            text = re.sub(head + rf"(?=\s+[\w&{OPEN}])", long, text)
    return text


def _symbols(text: str, words: Words) -> str:
    text = _HASHTAG.sub(f" {words.symbols['#tag']} ", text)
    text = re.sub(r"(?<=\d)\s?[*x]\s?(?=\d)", f" {words.symbols['×']} ", text)
    text = re.sub(r"[#+](?=\s?\d)|(?<=\d)\s?\+", lambda m: f" {words.symbols[m[0].strip()]} ", text)
    for symbol, word in words.symbols.items():
        if symbol not in {"#tag", "#", "+", "~"}:
            text = text.replace(symbol, f" {word} ")
    text = re.sub(r"~(?=\s?\d)", f" {words.symbols['~']} ", text)
    return re.sub(r"(?<=\w)/(?=\w)|#", " ", text)


def _tidy(text: str) -> str:
    """One line, single spaces, none in front of a comma."""
    text = " ".join(_QUOTES.sub("", text).split())
    text = re.sub(r" +([,.;:!?])(?=\s|$)", r"\1", text)
    text = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", text)
    return _LEADING.sub("", text).strip()
