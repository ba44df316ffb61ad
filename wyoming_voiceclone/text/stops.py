"""Sentences that end in a full stop, a question mark or one of their kin."""

import re
from dataclasses import dataclass

from wyoming_voiceclone.text.abbreviations import Abbreviations
from wyoming_voiceclone.text.view import GAP, GO_ON, LINE_ENDS, WAIT, View

_WIDE = "。！？｡"
_ENDERS = f".!?…‽⁇⁈⁉؟۔।॥։።፧။\u061d\u037e{_WIDE}"
_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U000e0020-\U000e007f"
_CLOSERS = "\"'”’»›)\\]}」』）］】〉》*_~`\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"

# a stop in front of a letter or digit ends nothing: 3.14, example.com, ?q=1
STOP = f"[.!?;](?!\\w)|[{_ENDERS.replace('.!?', '')}]"
RUN = re.compile(f"[{_ENDERS}]{{1,32}}|;")
_SPACED_QUOTE = "(?:[ \u00a0\u202f]»(?=\\W|$))?"
_TAIL = f"[{_CLOSERS}]{{0,16}}{_SPACED_QUOTE}((?:[ \u00a0]{{0,4}}[{_EMOJI}]{{1,16}}){{0,4}})"
_BEHIND = re.compile(f"(?P<closers>{_TAIL})(?P<gap>{GAP})")
_ENDS_IN_STOP = re.compile(f"([{_ENDERS}]{{1,32}}){_TAIL}$")
_WORD = re.compile(r"[\w'’.]{0,24}")
_LIST_NUMBER = re.compile(r"[ \t]*(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})$")
_DOTTED_LETTERS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]$")
_VOWEL = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœąęő]", re.IGNORECASE)
_UNITS = re.compile(
    "([kcm]?m|[km]?g|[mcd]?l|min|ms|ha|k?wh?|[kmg]bps|[kmgt]b|lbs?|oz|ft|mph|pt|px|[kmg]?hz|kr)$"
)
_BRACKETS = ("「」", "『』", "（）", "“”")


@dataclass(frozen=True, slots=True)
class _Stop:
    at: int
    run: str
    """The enders themselves."""
    closed: bool
    """Quotes or brackets close behind them."""
    emoji: bool
    end: int
    follows: int
    """Position of the next visible character."""


def judge_stop(view: View, at: int, rules: Abbreviations) -> int:
    """Whether the sentence ends with the ender at `at`."""
    text, end = view.text, view.end
    enclosed = text[at] in _WIDE and _enclosed(text, view.start, at)
    if text[at] == "。" and not enclosed:
        return at + 1
    run = RUN.match(text, at, end)
    behind = _BEHIND.match(text, run.end() if run else end, end)
    if run is None or behind is None or (run[0] == ";" and not rules.semicolon_asks):
        return GO_ON
    if behind.end() >= end:
        return GO_ON if view.complete else WAIT
    emoji = bool(behind[2])
    closed = bool(behind["closers"]) and not emoji
    if enclosed and not closed:
        return GO_ON
    stop = _Stop(at, run[0], closed, emoji, behind.end(1), behind.end())
    over = _is_over(view, stop, rules)
    if over is None:
        return WAIT
    return stop.follows + (text[stop.follows] in LINE_ENDS) if over else GO_ON


def paused(view: View, rules: Abbreviations) -> bool:
    """Whether what has come so far reads as finished, its speaker having fallen silent."""
    text = view.text[view.start : view.end]
    body = text.rstrip()
    if "\n" in text[len(body) :]:
        return True
    stop = _ENDS_IN_STOP.search(body[-64:])
    if stop is None or stop[1] != ".":
        return stop is not None
    at = view.start + len(body) - len(stop[0])
    before, word = view.words_before(at)
    if word[-1:].isdigit():
        spaced = len(body) < len(text)
        ordinal = before.lower() in rules.before_ordinal or _numbers_a_list(view, at)
        return spaced and not ordinal
    return bool(word) and not _surely_abbreviated(before, word, rules)


def _is_over(view: View, stop: _Stop, rules: Abbreviations) -> bool | None:
    following = view.text[stop.follows]
    if following in LINE_ENDS:
        return _over_at_line_end(view, stop, rules)
    if stop.follows == stop.end and not stop.emoji:
        quoted_on = stop.closed and following in "とっ、，,"
        return stop.run[-1] in _WIDE and not quoted_on
    if following in ",;:":
        return False
    if stop.run == ".":
        return _dot(view, stop, rules)
    trails_off = not stop.run.strip(".…")
    return not (following.islower() and (stop.closed or trails_off))


def _over_at_line_end(view: View, stop: _Stop, rules: Abbreviations) -> bool:
    if stop.run != "." or stop.closed:
        return True
    before, word = view.words_before(stop.at)
    return not (_surely_abbreviated(before, word, rules) or _numbers_a_list(view, stop.at))


def _dot(view: View, stop: _Stop, rules: Abbreviations) -> bool | None:
    """Whether a single full stop ends the sentence; None = more text is needed."""
    following = view.text[stop.follows]
    before, word = view.words_before(stop.at)
    if stop.closed or stop.emoji:
        return not following.islower()
    if _numbers_a_list(view, stop.at) or _abbreviated(before, word, following, rules):
        return False
    if word.isdigit():
        return _number(view, stop, before, rules)
    if word.lower() in rules.last or _DOTTED_LETTERS.match(word):
        return _opens(view, stop.follows, rules, strict="." in word)
    short = len(word) < 4 and not before[-1:].isdigit() and _VOWEL.search(word) is None
    return not (short and following.islower())


def _number(view: View, stop: _Stop, before: str, rules: Abbreviations) -> bool | None:
    if view.text[stop.follows].islower() or before.lower() in rules.before_ordinal:
        return False
    if not rules.after_ordinal:
        return True
    word = _next_word(view, stop.follows)
    return None if word is None else word not in rules.after_ordinal


def _opens(view: View, at: int, rules: Abbreviations, *, strict: bool) -> bool | None:
    following = view.text[at]
    if following.islower() or following.isdigit():
        return False
    if not strict or not rules.starters or not following.isalpha():
        return True
    word = _next_word(view, at)
    return None if word is None else word in rules.starters


def _next_word(view: View, at: int) -> str | None:
    word = _WORD.match(view.text, at, view.end)
    if word is None or (word.end() == view.end and not view.complete):
        return None
    return re.split(r"['’.]", word[0], maxsplit=1)[0].lower()


def _abbreviated(before: str, word: str, following: str, rules: Abbreviations) -> bool:
    """Whether the full stop behind `word` belongs to it, `following` being what comes next."""
    key = word.lower()
    numbering = key in rules.number or key.endswith(rules.number_endings)
    numbered = numbering and (following.isdigit() or following.islower())
    return not word or numbered or _surely_abbreviated(before, word, rules)


def _surely_abbreviated(before: str, word: str, rules: Abbreviations) -> bool:
    """Whether something has to follow the full stop behind `word`."""
    key = word.lower()
    pair = before.lower() + key if before.endswith(".") else key
    if key in rules.last or (len(key) > 1 and pair in rules.last):
        return False
    measured = before[-1:].isdigit() and (_UNITS.match(key) or len(word) == 1)
    if measured:
        return False
    if key in rules.never or pair in rules.never:
        return True
    if len(word) == 1:
        return word != "I" and (word.isupper() or word.islower())
    lower_consonants = word.isascii() and word.isalpha() and not word.isupper()
    return lower_consonants and len(word) < 4 and _VOWEL.search(word) is None


def _numbers_a_list(view: View, at: int) -> bool:
    line = view.line_before(at)
    return line is not None and _LIST_NUMBER.match(line) is not None


def _enclosed(text: str, start: int, at: int) -> bool:
    return any(
        text.count(pair[0], start, at) > text.count(pair[1], start, at) for pair in _BRACKETS
    )
