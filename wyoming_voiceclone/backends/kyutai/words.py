"""Words of one utterance, on their way from whoever writes to the thread that speaks."""

import queue
from collections.abc import Callable

Heard = Callable[[str, float, float], None]
"""Told of each word: where it begins and ends in the audio, in seconds."""


class Words:
    """Text goes in piece by piece, whole words come out; any thread may do either."""

    def __init__(self) -> None:
        self._ready: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        self._begun = ""
        self._ended = False

    @classmethod
    def of(cls, text: str) -> "Words":
        """A text that is there whole."""
        words = cls()
        words.add(text)
        words.end()
        return words

    def add(self, piece: str) -> None:
        """What follows the last space waits for more: a word may come in parts."""
        text = self._begun + piece
        whole = text.split()
        self._begun = whole.pop() if whole and not text[-1].isspace() else ""
        for word in whole:
            self._ready.put(word)

    def end(self) -> None:
        """No more will come."""
        if self._begun:
            self._ready.put(self._begun)
        self._begun = ""
        self._ready.put(None)

    def fail(self, error: Exception) -> None:
        """Whoever takes the next word gets `error`, after those that came before it."""
        self._ready.put(error)

    def take(self, wait_s: float) -> str | None:
        """The next word; None after the last. Blocks. Raises queue.Empty when none has come."""
        if self._ended:
            return None
        word = self._ready.get(timeout=wait_s)
        if isinstance(word, Exception):
            raise word
        self._ended = word is None
        return word
