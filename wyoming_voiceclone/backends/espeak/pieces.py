"""Text made harmless for espeak-ng, in pieces that take milliseconds to speak."""

import re
import unicodedata

PIECE_CHARS = 400
"""Some 25 s of speech, 10 ms of work: as long as one listener may keep the others waiting."""

_CUTS = (re.compile(r"[.!?;:,…、。，؛،]\s*"), re.compile(r"\s+"))


def speakable(text: str) -> str:
    """`text` without control characters, which are commands to espeak-ng, and half characters."""
    return "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)


def pieces(text: str) -> list[str]:
    """`text` cut after punctuation, else between words, else anywhere; nothing is lost."""
    found = []
    while len(text) > PIECE_CHARS:
        cut = _cut(text[:PIECE_CHARS])
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]


def _cut(window: str) -> int:
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(window)]
        if ends and ends[-1] > len(window) // 4:
            return ends[-1]
    return len(window)
