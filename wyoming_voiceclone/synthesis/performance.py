"""Performance: one utterance being spoken, sentence after sentence, at one rate."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from wyoming_voiceclone.aio import with_pauses
from wyoming_voiceclone.audio.chunk import Chunk, silence
from wyoming_voiceclone.audio.loudness import Leveller, LoudnessBook
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.backends import AudioStream, Backend, SynthesisRequest
from wyoming_voiceclone.text.ssml import Break

EMPTY_RATE = 22_050
"""The rate of an utterance in which nothing is said: Home Assistant's native one."""


MOST_SILENCE_S = 30.0
"""However many breaks stand in a row."""

PIECE_S = 0.5
"""Of sound at a time is levelled on the event loop: 2 ms."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the backend is asked, and how long to be silent before it when it is not the first."""

    request: SynthesisRequest
    silence_before_s: float


Cue = Sentence | Break


@dataclass(frozen=True, slots=True)
class Silences:
    """How long to be silent, apart from what the text asks for; seconds."""

    lead_s: float = 0.0
    """Before the first word: for players that swallow the beginning."""
    trail_s: float = 0.0
    """After the last word: for players that swallow the end."""
    comfort_after_s: float = 2.5
    """Silence is sent once a listener has run dry this long: a Voice PE left without audio for 5 s
    wedges until power-cycled (voice-pe#612)."""


class Performance:
    """Speaks the cues in order; the rate of the first sentence's stream is everybody's."""

    def __init__(
        self,
        backend: Backend,
        cues: AsyncGenerator[Cue, None],
        playback: Playback,
        loudness: LoudnessBook,
        silences: Silences,
    ) -> None:
        self._backend, self._cues, self._playback = backend, cues, playback
        self._loudness = loudness
        self._silences = silences
        self._silence_s = silences.lead_s
        self._comfort_s = silences.comfort_after_s / 5
        self._heard: list[str] = []

    async def begin(self) -> AudioStream:
        """Return once the first chunk is ready; without chunks when there is nothing to say."""
        try:
            opening = await self._next()
        except BaseException:
            await self._cues.aclose()
            raise
        if opening is None:
            return AudioStream(EMPTY_RATE, _nothing())
        sentence, stream = opening
        rate = stream.rate
        chunks = self._utterance(sentence, stream, rate)
        handed_over = self._handed_over(chunks, rate)
        return await AudioStream.begin(rate, handed_over, source=stream.source, heard=self._heard)

    async def _next(self) -> tuple[Sentence, AudioStream] | None:
        """The next sentence, its first chunk ready; breaks before it become silence due."""
        async for cue in self._cues:
            if isinstance(cue, Break):
                self._silence_s = min(self._silence_s + cue.seconds, MOST_SILENCE_S)
            else:
                return cue, await self._backend.synthesize(cue.request)
        return None

    async def _utterance(
        self, sentence: Sentence, stream: AudioStream, rate: int
    ) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self._cues):
            leveller = Leveller(rate, self._loudness)
            upcoming: tuple[Sentence, AudioStream] | None = (sentence, stream)
            while upcoming is not None:
                leveller.begin(upcoming[1].source, upcoming[1].full_scale)
                async with aclosing(self._sentence(upcoming[1], rate)) as chunks:
                    async for chunk in chunks:
                        for start in range(0, len(chunk), round(PIECE_S * rate)):
                            yield leveller.feed(chunk[start : start + round(PIECE_S * rate)])
                if (upcoming := await self._next()) is not None:
                    self._silence_s += upcoming[0].silence_before_s
            yield leveller.finish()
            yield silence(rate, self._silence_s + self._silences.trail_s)

    async def _sentence(self, stream: AudioStream, rate: int) -> AsyncGenerator[Chunk, None]:
        async with stream:
            yield silence(rate, self._silence_s)
            self._silence_s = 0.0
            resampler = Resampler(stream.rate, rate)
            try:
                async for chunk in stream:
                    yield resampler.feed(chunk)
            finally:
                self._note(stream.heard)
            yield resampler.finish()

    def _note(self, heard: Sequence[str]) -> None:
        """Who was heard, one after the other."""
        for source in heard:
            if self._heard[-1:] != [source]:
                self._heard.append(source)

    async def _handed_over(
        self, chunks: AsyncGenerator[Chunk, None], rate: int
    ) -> AsyncGenerator[Chunk, None]:
        """Chunks with something in them; comfort silence when they are long in coming."""
        async with aclosing(chunks), aclosing(with_pauses(chunks, self._comfort_s)) as arrivals:
            async for arrival in arrivals:
                chunk = self._comfort(rate) if arrival is None else arrival
                if chunk.size:
                    self._playback.hand_over(len(chunk) / rate)
                    yield chunk

    def _comfort(self, rate: int) -> Chunk:
        dry_s = time.monotonic() - self._playback.dry_at
        wanted = self._playback.started and dry_s > self._silences.comfort_after_s
        return silence(rate, self._comfort_s if wanted else 0.0)


async def _nothing() -> AsyncGenerator[Chunk, None]:
    return
    yield
