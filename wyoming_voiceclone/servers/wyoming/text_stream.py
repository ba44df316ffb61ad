"""The text of one utterance, on its way from the reader to whoever speaks it."""

from asyncio import Event
from collections.abc import AsyncIterator

from wyoming_voiceclone.errors import TextTooLong, VoiceCloneError


class TextStream(AsyncIterator[str]):
    """Pieces of text in order. Adding never blocks, so the cap on the text is the bound."""

    def __init__(self, limit_chars: int) -> None:
        self.chars = 0
        """How many came so far."""
        self.error: VoiceCloneError | None = None
        """Why the text cannot be spoken (to its end)."""
        self.ended = False
        self._limit_chars = limit_chars
        self._pending: list[str] = []
        self._news = Event()

    @property
    def waiting(self) -> bool:
        """Whether there is text that nobody has taken yet."""
        return bool(self._pending)

    def add(self, piece: str) -> None:
        if self.ended or not piece:
            return
        self.chars += len(piece)
        if self.chars > self._limit_chars:
            cap = f"the text has more than {self._limit_chars} characters"
            self.fail(TextTooLong(f"{cap} — send it in several requests"))
            return
        self._pending.append(_without_surrogates(piece))
        self._news.set()

    def end(self) -> None:
        self.ended = True
        self._news.set()

    def fail(self, error: VoiceCloneError) -> None:
        """End the text; its reader gets `error` next."""
        self.error = self.error or error
        self.end()

    async def __anext__(self) -> str:
        while True:
            if self.error:
                raise self.error
            if self._pending:
                piece = "".join(self._pending)
                self._pending.clear()
                return piece
            if self.ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()


def _without_surrogates(text: str) -> str:
    """JSON can carry half a character; nothing that speaks can encode it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
