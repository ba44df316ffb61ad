"""Where the words of a sentence lie in its audio, from the durations of its phoneme ids."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wyoming_voiceclone.backends.backend import Timing

Spans = Sequence[tuple[float, float]]


def word_spans(
    words: Sequence[tuple[int, int]], durations: npt.NDArray[np.int64], frame_s: float, at_s: float
) -> list[tuple[float, float]]:
    """Begin and end in seconds of each of the phonemizer's words."""
    ends = np.concatenate([[0], np.cumsum(durations)]) * frame_s + at_s
    return [(float(ends[first]), float(ends[last])) for first, last in words]


def timings(text: str, spans: Spans) -> list[Timing]:
    """The written words with their times.

    Exact where the phonemizer finds as many words as are written; where it joins or expands some
    ("of the", "21"), its words are shared out among the written ones by their lengths.
    """
    words = [word for word in text.split() if any(map(str.isalnum, word))]
    if not words or not spans:
        return []
    if len(words) == len(spans):
        return [Timing(w, *span) for w, span in zip(words, spans, strict=True)]
    letters = np.cumsum([0, *map(len, words)])
    seconds = np.cumsum([0.0, *(end - start for start, end in spans)])
    marks = np.interp(letters / letters[-1] * seconds[-1], seconds, range(len(seconds)))
    return [
        Timing(word, _at(spans, float(first), 0), _at(spans, float(last), 1))
        for word, first, last in zip(words, marks, marks[1:], strict=False)
    ]


def _at(spans: Spans, mark: float, side: int) -> float:
    """The time at a place counted in words; between two words, the end (1) or the start (0)."""
    index = min(int(mark), len(spans) - 1)
    if side and mark == index and index:
        index -= 1
    start, end = spans[index]
    return start + (end - start) * (mark - index)
