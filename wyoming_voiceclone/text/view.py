"""What a verdict on a possible sentence end may look at, and what it can be."""

from dataclasses import dataclass

GO_ON, WAIT = -1, -2
"""Verdicts that are no position: no sentence end here; more text is needed to tell."""

LOOKAHEAD = 120
"""Characters behind a possible end that a verdict may need."""

LINE_ENDS = "\n\v\f\x85\u2028\u2029"
GAP = f"[^\\S{LINE_ENDS}]{{0,32}}"
"""White space within a line."""


@dataclass(frozen=True, slots=True)
class View:
    """A window on the stream; `start` is the first visible character of the sentence."""

    text: str
    start: int
    end: int
    complete: bool
    """No more text will come."""
    at_line_start: bool
    """The sentence begins a line."""

    def line_before(self, at: int) -> str | None:
        """What stands on the line before `at`; None where the line began in another sentence."""
        begin = max(self.text.rfind("\n", self.start, at), self.start - 1) + 1
        if begin == self.start and not self.at_line_start:
            return None
        return self.text[begin:at]

    def words_before(self, at: int) -> tuple[str, str]:
        """The two words in front of `at`; "" where there is none."""
        words = self.text[max(self.start, at - 60) : at].rsplit(None, 2)
        if not words or self.text[at - 1].isspace():
            return "", ""
        before = words[-2] if len(words) > 1 else ""
        return before.lstrip(_OPENERS), words[-1].lstrip(_OPENERS)


_OPENERS = "([{<\"'“‘«‹„‚¿¡*_~`\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
