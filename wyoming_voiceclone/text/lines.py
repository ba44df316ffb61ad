"""Sentences that are lines: list items, headings, table rows, blocks of code."""

import re

from wyoming_voiceclone.text.view import GAP, GO_ON, LINE_ENDS, WAIT, View

SHORT_LINE = 60
"""A line this short with a capital below it was ended on purpose, not wrapped."""

_GAP = re.compile(GAP)
_STRUCTURE = re.compile(
    r"[ \t]{0,16}(?:#{1,6}[ \t]|[-*+•‣◦–][ \t]|\d{1,3}[.)][ \t]|[|>]|```|~~~|-{3}|\*{3})"
)
_STRUCTURE_BEGUN = re.compile(
    r"[ \t]{0,16}(?:#{0,6}|[-*+•‣◦–]|-{1,2}|\*{1,2}|\d{1,3}[.)]?|`{1,2}|~{1,2})\Z"
)
_FENCE = re.compile(r"[ \t]{0,8}(```|~~~)[^`\n]{0,64}")


def judge_line(view: View, at: int) -> int:
    """Whether the sentence ends with the line that ends at `at`."""
    text, after = view.text, at + 1
    line = view.line_before(at)
    if text[at] != "\n" or text[view.start : at].rstrip().endswith((":", "：")):
        return after
    if line is not None and _STRUCTURE.match(line):
        return after
    if _STRUCTURE.match(text, after, view.end):
        return after
    gap = _GAP.match(text, after, view.end)
    follows = gap.end() if gap else after
    if follows >= view.end or (not view.complete and _undecided(text, after, view.end)):
        return GO_ON if view.complete else WAIT
    on_purpose = at - view.start < SHORT_LINE and text[follows].isupper()
    return after if on_purpose or text[follows] in LINE_ENDS else GO_ON


def judge_fence(view: View) -> int | None:
    """Where the block of code ends that the sentence is; None where it is none."""
    opening = _FENCE.match(view.text, view.start, view.end) if view.at_line_start else None
    if opening is None:
        return None
    if opening.end() >= view.end:
        return GO_ON if view.complete else WAIT
    if view.text[opening.end()] != "\n":
        return None
    closing = re.compile(rf"\n[ \t]{{0,8}}{opening[1]}[^\n]{{0,64}}\n").search(
        view.text, opening.end(), view.end
    )
    if closing is None:
        return GO_ON if view.complete else WAIT
    return closing.end()


def _undecided(text: str, after: int, end: int) -> bool:
    return end - after < 32 and _STRUCTURE_BEGUN.match(text[after:end]) is not None
