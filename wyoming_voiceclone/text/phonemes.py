"""How a pronunciation travels inside a sentence: `[[ʃɪˈvɔːn|Siobhan]]`."""

import re

_MARK = re.compile(r"\[\[([^\[\]|]*)\|([^\[\]|]*)\]\]")


def pronounced(ipa: str, spelling: str) -> str:
    """Mark `spelling` to be read as `ipa`."""
    return f"[[{_clean(ipa)}|{_clean(spelling)}]]"


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


def _clean(part: str) -> str:
    return re.sub(r"[\[\]|]", "", part)
