"""Text that is read exactly as it stands: neither split, nor normalised.

The marks are Unicode noncharacters, which exist for a program's own use and never come from a
keyboard or a model; `unmarked` takes them out of a text that holds them all the same.
"""

import re

OPEN, CLOSE = "\ufdd0", "\ufdd1"
ORDINAL = "\ufdd2"
"""Behind a number that is to be read as an ordinal."""

_MARKED = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")
_MARKS = str.maketrans("", "", OPEN + CLOSE + ORDINAL)


def verbatim(text: str) -> str:
    """Mark `text` to be read as it stands."""
    return f"{OPEN}{unmarked(text)}{CLOSE}" if text else ""


def unmarked(text: str) -> str:
    """`text` without the marks."""
    return text.translate(_MARKS)


def pieces(text: str) -> list[tuple[str, bool]]:
    """The text cut into (text, False) and (verbatim text, True)."""
    parts = _MARKED.split(text)
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def inside(text: str, at: int, start: int = 0) -> bool:
    """Whether position `at` lies within a marked text that begins after `start`."""
    return text.rfind(OPEN, start, at) > text.rfind(CLOSE, start, at)
