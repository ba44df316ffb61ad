"""Listeners that hear each word, and when."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from wyoming.audio import AudioChunk, AudioStart
from wyoming.error import Error
from wyoming.tts import Synthesize, SynthesizeVoice

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.pcm import from_pcm16
from wyoming_voiceclone.testing.home_assistant import HomeAssistant
from wyoming_voiceclone.testing.word_tones import WORD_S, heard_words, words_in

WORDS = (  # noqa: SIM905 -- to be read
    "amber apple arrow autumn badger bamboo banner basket beacon berry bishop blanket branch "
    "bronze butter button cabin camel canyon cedar cellar circle clever cobalt coffee copper "
    "coral cotton crystal diamond glacier harbour hazel honey jigsaw muffin pebble pepper pilot "
    "poppy quartz river saffron summer"
).split()
"""At least 28 Hz apart, so that each is told from every other."""


def text_of(words: Sequence[str], a_sentence: int = 8) -> str:
    """Sentences of so many words."""
    parts = [words[at : at + a_sentence] for at in range(0, len(words), a_sentence)]
    return " ".join(f"{' '.join(part).capitalize()}." for part in parts)


@dataclass
class Listener:
    """One who plays what comes as it comes: what is heard, when, and how long there was nothing."""

    rate: int = 0
    starts: int = 0
    began: float = field(default_factory=time.monotonic)
    first_s: float = 0.0
    """Until the first sound."""
    silent_s: float = 0.0
    """The longest silence inside of the utterance, of one who plays at once."""
    total_s: float = 0.0
    ended: bool = False
    error: str = ""
    _pcm: bytearray = field(default_factory=bytearray)
    _dry_at: float = 0.0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seconds(self) -> float:
        return len(self._pcm) / 2 / self.rate if self.rate else 0.0

    def words(self, vocabulary: Sequence[str] = WORDS) -> list[str]:
        samples = from_pcm16(bytes(self._pcm))
        if not self.rate:
            return []
        return heard_words(_without_silence(samples, self.rate), self.rate, vocabulary)

    async def heard(self, words: int) -> None:
        """Return once so many words have come."""
        async with asyncio.timeout(20):
            while self.seconds < words * WORD_S and not self.ended:
                self._news.clear()
                await self._news.wait()

    def take(self, chunk: AudioChunk) -> None:
        now = time.monotonic()
        if not self._pcm:
            self.first_s, self._dry_at = now - self.began, now
        self._pcm += chunk.audio
        self._news.set()
        if any(chunk.audio):
            self.silent_s = max(self.silent_s, now - self._dry_at)
            self._dry_at = max(self._dry_at, now) + chunk.seconds

    def check(self, text: str) -> None:
        """The right words, once and in order, at one rate, and an ending."""
        assert not self.error, self.error
        assert self.words() == words_in(text)
        assert self.starts == 1
        assert self.ended, "no ending"


def _without_silence(samples: Chunk, rate: int) -> Chunk:
    """What is said: a listener who has to wait is sent silence."""
    loud = np.flatnonzero(samples)
    return np.concatenate(
        [samples[part[0] : part[-1] + 1] for part in _runs(loud, round(0.05 * rate)) if len(part)]
    )


def _runs(places: npt.NDArray[np.intp], apart: int) -> list[npt.NDArray[np.intp]]:
    return np.split(places, np.flatnonzero(np.diff(places) > apart) + 1)


async def listen(uri: str, text: str, into: Listener, voice: str) -> Listener:
    """Have it said, and hear it to its end."""
    into.began = time.monotonic()
    async with HomeAssistant(uri).connected() as line:
        await line.send(Synthesize(text, SynthesizeVoice(name=voice)))
        while not into.ended and (event := await line.receive()):
            if AudioStart.is_type(event.type):
                into.starts, into.rate = into.starts + 1, AudioStart.from_event(event).rate
            elif AudioChunk.is_type(event.type):
                into.take(AudioChunk.from_event(event))
            elif Error.is_type(event.type):
                into.error = Error.from_event(event).text
            into.ended = event.type == "audio-stop"
    into.total_s = time.monotonic() - into.began
    into._news.set()
    return into


def report(scenario: str, *heard: Listener, expected: str) -> None:
    """A row of the table in docs/resilience.md; shown by `pytest -s`."""
    first = max(one.first_s for one in heard)
    silent = max(one.silent_s for one in heard)
    row = f"\n| {scenario} | {expected} | {first * 1e3:.0f} ms | {silent * 1e3:.0f} ms |"
    sys.stdout.write(row)
