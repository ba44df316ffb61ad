"""ScriptedBackend: speaks tones, and fails exactly as it is told. For tests and demonstrations."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import AudioStream, Capabilities, SynthesisRequest, Timing
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.voices import Voice

Delay = float | Callable[[], float]
ADA = Voice("ada", ("en-US", "en"), description="Ada, a tone")


def tone_hz(text: str) -> int:
    """The pitch that `text` is spoken at: 200 to 2199 Hz, different for different texts."""
    return 200 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 2000


class ScriptedBackend:
    """Each word is a tone of `word_s`; `refuse`, `die` and `stall` name texts that go wrong."""

    def __init__(  # noqa: PLR0913 -- a script has as many lines as it needs
        self,
        name: str = "scripted",
        *,
        voices: Sequence[Voice] = (ADA,),
        rate: int = 22_050,
        word_s: float = 0.1,
        first_chunk_s: Delay = 0.0,
        chunk_s: Delay = 0.0,
        refuse: str | None = None,
        die: str | None = None,
        stall: str | None = None,
        aligned: bool = False,
        hz: Callable[[SynthesisRequest], float] = lambda request: tone_hz(request.text),
    ) -> None:
        """`hz`: the pitch of a sentence; `aligned`: whether it tells where its words lie.

        Delays may be functions, asked each time. A closed one refuses, and so does one that has
        not got the voice.
        """
        self.name = name
        self.spoken: list[SynthesisRequest] = []
        """Every request, in order."""
        self.speaking = 0
        """Streams that were begun and are neither finished nor closed."""
        self._voices, self._rate, self._word_s = tuple(voices), rate, word_s
        self._first_chunk_s, self._chunk_s = first_chunk_s, chunk_s
        self._refuse, self._die, self._stall, self._hz = refuse, die, stall, hz
        self._aligned, self._closed = aligned, False

    def capabilities(self) -> Capabilities:
        return Capabilities(voices=self._voices)

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak; refuses, before the first chunk, texts that hold `refuse`."""
        self.spoken.append(request)
        if self._closed:
            raise BackendUnavailable(f"{self.name} is closed")
        known = request.speaker_state or request.voice in {voice.name for voice in self._voices}
        if not known:
            raise BackendUnavailable(f"{self.name} has no voice {request.voice}")
        timings: list[Timing] = []
        chunks = self._chunks(request, timings if self._aligned else [])
        return await AudioStream.begin(self._rate, chunks, timings=timings if self._aligned else ())

    async def aclose(self) -> None:
        self._closed = True

    async def _chunks(
        self, request: SynthesisRequest, timings: list[Timing]
    ) -> AsyncGenerator[Chunk, None]:
        self.speaking += 1
        try:
            await asyncio.sleep(_drawn(self._first_chunk_s))
            if _holds(request.text, self._refuse):
                raise BackendUnavailable(f"{self.name} refuses")
            texts, word_s = request.text.split(), self._word_s / request.speed
            words = len(texts)
            for word in range(words):
                if word == max(1, words // 2):
                    await self._break_off(request.text)
                timings.append(Timing(texts[word], word * word_s, (word + 1) * word_s))
                yield self._word(request, word)
                await asyncio.sleep(_drawn(self._chunk_s))
            if words <= 1:
                await self._break_off(request.text)
        finally:
            self.speaking -= 1

    async def _break_off(self, text: str) -> None:
        if _holds(text, self._die):
            raise BackendError(f"{self.name} died in the middle of a sentence")
        if _holds(text, self._stall):
            await asyncio.Event().wait()

    def _word(self, request: SynthesisRequest, word: int) -> Chunk:
        samples = round(self._rate * self._word_s / request.speed)
        time_s = np.arange(word * samples, (word + 1) * samples) / self._rate
        return (0.5 * np.sin(2 * np.pi * self._hz(request) * time_s)).astype(np.float32)


def _drawn(delay: Delay) -> float:
    return delay() if callable(delay) else delay


def _holds(text: str, mark: str | None) -> bool:
    return mark is not None and mark in text
