"""An engine whose words can be told from its sound, so that a test hears what was said.

Each word is a tone of its own for a tenth of a second. A worker or box hosts it as HOSTED_AS.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable
from functools import cache

import numpy as np
from pydantic import Field

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import (
    AudioStream,
    Capabilities,
    Engine,
    EngineSettings,
    Folders,
    SynthesisRequest,
    Timing,
)
from wyoming_voiceclone.backends.scripted import tone_hz
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.testing.scripted_engine import DECLARED
from wyoming_voiceclone.voices import Voice

WORD_S = 0.1
"""Of each word, at any speed."""
_EDGE_S = 0.02
"""At both ends of a word, which a cross-fade may have touched."""


class WordTonesSettings(EngineSettings):
    """How it behaves."""

    rate: int = 16_000
    voice: str = "ada"
    """The name of its one voice."""
    first_chunk_s: float = Field(default=0.0, ge=0)
    real_time_factor: float = Field(default=0.0, ge=0)
    """How long it takes to compute a second of sound."""


class WordTonesBackend:
    """Says the words of a text, aligned."""

    name = "words"

    def __init__(self, settings: WordTonesSettings) -> None:
        self._settings = settings
        self._voice = Voice(settings.voice, ("en",))
        self._closed = False

    def capabilities(self) -> Capabilities:
        return Capabilities((self._voice,))

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        if self._closed or request.voice != self._voice.name:
            raise BackendUnavailable(f"words is closed, or has no voice {request.voice}")
        timings: list[Timing] = []
        chunks = self._chunks(words_in(request.text), timings)
        return await AudioStream.begin(self._settings.rate, chunks, timings=timings)

    async def aclose(self) -> None:
        self._closed = True

    async def _chunks(self, words: list[str], timings: list[Timing]) -> AsyncGenerator[Chunk, None]:
        await asyncio.sleep(self._settings.first_chunk_s)
        for number, word in enumerate(words):
            timings.append(Timing(word, number * WORD_S, (number + 1) * WORD_S))
            yield _tone(tone_hz(word), self._settings.rate)
            await asyncio.sleep(WORD_S * self._settings.real_time_factor)


def words_in(text: str) -> list[str]:
    """What it says of a text."""
    return re.findall(r"\w+", text.lower())


def heard_words(samples: Chunk, rate: int, vocabulary: Iterable[str]) -> list[str]:
    """What was said: `?` for a tenth of a second that is no word of the vocabulary."""
    known = {tone_hz(word): word for word in vocabulary}
    size, edge = round(WORD_S * rate), round(_EDGE_S * rate)
    count = round(len(samples) / size)
    pieces = [samples[n * size + edge : (n + 1) * size - edge] for n in range(count)]
    return [_nearest(_pitch(piece, rate), known) for piece in pieces if len(piece)]


def _nearest(hz: float, known: dict[int, str]) -> str:
    nearest = min(known, key=lambda tone: abs(tone - hz), default=0)
    return known[nearest] if abs(nearest - hz) < 12 else "?"


def _pitch(piece: Chunk, rate: int) -> float:
    """The strongest frequency, to a few Hz."""
    size = 16_384
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), size))
    return float(np.argmax(spectrum)) * rate / size


@cache
def _tone(hz: int, rate: int) -> Chunk:
    time_s = np.arange(round(WORD_S * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def _make(settings: WordTonesSettings, _folders: Folders) -> WordTonesBackend:
    return WordTonesBackend(settings)


HOSTED_AS = f"{__name__}:ENGINE"
"""What a worker is told to host."""

ENGINE = Engine("words", WordTonesSettings, _make, DECLARED)
