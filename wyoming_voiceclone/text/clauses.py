"""Places inside a sentence where a speaker may breathe."""

import re
from collections.abc import Iterator

from wyoming_voiceclone.text.verbatim import inside

_WIDE = "，、；：,;:،؛"
_STRONG = re.compile(r"[;:؛—–][\"'”’»)\]]{0,3}\s+|\s[-–—]\s+|[；：—]")
_COMMA = re.compile(r"(?<!\d)[,،][\"'”’»)\]]{0,3}\s+|(?<=\d),\s+(?!\d)|[，、]")
_CONJUNCTION = re.compile(
    r"\s(?=(?:and|but|or|because|while|which|although|whereas|so that|und|aber|oder|weil|während"
    r"|et|mais|ou|parce que|tandis que|pero|porque|mientras|perché|mentre|oppure"
    r"|en|maar|omdat|terwijl|mas|enquanto|ale|oraz|ponieważ|который|но|и|потому что)\s)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")
_PAIRS = ("()", "[]", "“”", "„“", "«»", "（）", "「」", "『』")
# a cut in front of one of these would tear a letter from its mark
_JOINS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    "\u200c-\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"
)


def split_clause(sentence: str, *, at_least: int, at_most: int) -> tuple[str, str] | None:
    """Cut at the first good clause end between the two lengths; None where there is none.

    Both parts are at least `at_least` characters long, and their concatenation is `sentence`.
    """
    last = min(at_most, len(sentence) - at_least)
    for kind in (_STRONG, _COMMA, _CONJUNCTION):
        for place in _places(kind, sentence, max(1, at_least), last):
            if not _enclosed(sentence, place):
                return sentence[:place], sentence[place:]
    return None


def clause_starts(sentence: str) -> list[int]:
    """Where its clauses begin, the first one at 0."""
    places = [
        place for kind in (_STRONG, _COMMA) for place in _places(kind, sentence, 1, len(sentence))
    ]
    return sorted({0, *(place for place in places if not _enclosed(sentence, place))})


def run_on_cut(text: str, start: int, end: int) -> int:
    """The best place to cut text[start:end], which has no sentence end: in (start, end]."""
    earliest = start + (end - start) // 3
    for kind in (_STRONG, _COMMA, _CONJUNCTION, _SPACE):
        places = [*_places(kind, text, earliest, end)]
        if places:
            return places[-1]
    whole = (
        place
        for place in range(end, earliest, -1)
        if not _JOINS.match(text, place) and not inside(text, place, start)
    )
    return next(whole, end)


def _places(kind: re.Pattern[str], text: str, first: int, last: int) -> Iterator[int]:
    for mark in kind.finditer(text, max(0, first - 4), last):
        if first <= mark.end() <= last and not inside(text, mark.end()):
            yield mark.end()


def _enclosed(text: str, at: int) -> bool:
    head = text[:at]
    return any(head.count(pair[0]) > head.count(pair[1]) for pair in _PAIRS) or (
        head.count('"') % 2 == 1
    )
