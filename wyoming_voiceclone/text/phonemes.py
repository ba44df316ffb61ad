"""How a pronunciation travels inside a sentence: `[[ʃɪˈvɔːn|Siobhan]]`."""

import re
from collections.abc import Callable

_MARK = re.compile(r"\[\[([^\[\]|]*)\|([^\[\]|]*)\]\]")


def pronounced(ipa: str, spelling: str) -> str:
    """Mark `spelling` to be read as `ipa`."""
    return f"[[{unmarkable(ipa)}|{unmarkable(spelling)}]]"


def spelled(text: str) -> str:
    """The sentence as it is written, for engines that take no phonemes."""
    return _MARK.sub(r"\2", text)


def segments(text: str) -> list[tuple[str, bool]]:
    """The sentence cut into (text, False) and (IPA, True)."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for mark in _MARK.finditer(text):
        parts.append((text[at : mark.start()], False))
        parts.append((mark[1], True))
        at = mark.end()
    parts.append((text[at:], False))
    return [(part, is_ipa) for part, is_ipa in parts if part]


def respell(text: str, change: Callable[[str], str]) -> str:
    """The sentence with what is not marked put through `change`."""
    parts: list[str] = []
    at = 0
    for mark in _MARK.finditer(text):
        parts += [change(text[at : mark.start()]), mark[0]]
        at = mark.end()
    return "".join([*parts, change(text[at:])])


def unmarkable(text: str) -> str:
    """`text` without what could be taken for a mark."""
    return re.sub(r"[\[\]|]", "", text)
