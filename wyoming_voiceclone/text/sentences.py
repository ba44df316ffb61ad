"""A stream of text, cut into sentences as soon as each is certainly over."""

import re

from wyoming_voiceclone.text.abbreviations import abbreviations
from wyoming_voiceclone.text.clauses import run_on_cut, split_clause
from wyoming_voiceclone.text.lines import judge_fence, judge_line
from wyoming_voiceclone.text.stops import RUN, STOP, judge_stop, paused
from wyoming_voiceclone.text.verbatim import CLOSE, OPEN
from wyoming_voiceclone.text.view import GO_ON, LINE_ENDS, LOOKAHEAD, WAIT, View

__all__ = ["SentenceSplitter", "split_clause"]

MAX_CHARS = 400
"""About 25 s of speech; cloning engines begin to stray beyond 350 to 400 characters."""
MAX_CODE_CHARS = 20_000
"""A block of code is kept together up to here: it is not read, only mentioned."""

_CANDIDATE = re.compile(f"[{LINE_ENDS}{OPEN}]|{STOP}")
_SPACE = re.compile(r"\s*")


class SentenceSplitter:
    """Cuts a stream of text into sentences; the output never depends on how it was chunked.

    The concatenation of all output is the input. No sentence is longer than `max_chars`, but for
    a block of code.
    """

    def __init__(self, language: str | None = None, *, max_chars: int = MAX_CHARS) -> None:
        self._rules = abbreviations(language)
        self._max_chars = max_chars
        self._buffer = ""
        self._start = 0
        self._scan = 0
        self._at_line_start = True

    def feed(self, text: str) -> list[str]:
        """The sentences that are certainly over."""
        self._buffer += text
        return self._sentences(complete=False)

    def pause(self) -> list[str]:
        """The text stream paused: what looks finished is over."""
        view = self._view(self._max_chars + LOOKAHEAD, complete=False)
        if view.start == view.end or judge_fence(view) is not None:
            return []
        if OPEN in view.text or not paused(view, self._rules):
            return []
        return self._rest()

    def finish(self) -> list[str]:
        """The text is over: its last sentences. The splitter is as new."""
        sentences = self._sentences(complete=True) + self._rest()
        self._at_line_start = True
        return sentences

    def _rest(self) -> list[str]:
        rest = self._take(len(self._buffer))
        self._compact()
        return [rest] if rest else []

    def _sentences(self, *, complete: bool) -> list[str]:
        sentences: list[str] = []
        while (cut := self._next_cut(complete=complete)) is not None:
            sentences.append(self._take(cut))
        self._compact()
        return sentences

    def _take(self, cut: int) -> str:
        sentence = self._buffer[self._start : cut]
        self._at_line_start = sentence.rstrip(" \t\r").endswith("\n") or (
            self._at_line_start and not sentence.strip(" \t\r")
        )
        self._start = self._scan = cut
        return sentence

    def _compact(self) -> None:
        self._buffer = self._buffer[self._start :]
        self._scan -= self._start
        self._start = 0

    def _next_cut(self, *, complete: bool) -> int | None:
        view = self._view(self._max_chars + LOOKAHEAD, complete=complete)
        if view.start - self._start >= self._max_chars:
            return self._start + self._max_chars
        if judge_fence(view) is not None:
            code = self._view(MAX_CODE_CHARS, complete=complete)
            return self._within(code, MAX_CODE_CHARS, judge_fence(code) or WAIT)
        return self._within(view, self._max_chars, self._judge(view))

    def _within(self, view: View, most: int, cut: int) -> int | None:
        """`cut`, or a place inside the sentence where it is longer than `most`."""
        limit = self._start + most
        if 0 < cut <= limit:
            return cut
        known_longer = cut > 0 or (view.complete and len(self._buffer) > limit)
        if known_longer or len(self._buffer) >= view.start + most + LOOKAHEAD:
            return run_on_cut(self._buffer, self._start, limit)
        return None

    def _judge(self, view: View) -> int:
        self._scan = max(self._scan, view.start)
        while candidate := _CANDIDATE.search(view.text, self._scan, view.end):
            verdict = self._verdict(view, candidate.start())
            if verdict != GO_ON:
                return verdict
        return WAIT

    def _verdict(self, view: View, at: int) -> int:
        """What to do at the candidate; GO_ON moves the scan behind it."""
        character = view.text[at]
        if character == OPEN:
            close = view.text.find(CLOSE, at, view.end)
            if close < 0:
                return WAIT
            verdict, behind = GO_ON, close + 1
        elif character in LINE_ENDS:
            verdict, behind = judge_line(view, at), at + 1
        else:
            run = RUN.match(view.text, at, view.end)
            verdict, behind = judge_stop(view, at, self._rules), run.end() if run else at + 1
        self._scan = behind if verdict == GO_ON else at
        return verdict

    def _view(self, window: int, *, complete: bool) -> View:
        text = self._buffer
        space = _SPACE.match(text, self._start)
        start = space.end() if space else self._start
        end = min(len(text), start + window)
        on_line_start = self._at_line_start or "\n" in text[self._start : start]
        return View(text, start, end, complete and end == len(text), on_line_start)
