"""CachedBackend: a backend that says nothing twice."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import AudioStream, Backend, Capabilities, SynthesisRequest
from wyoming_voiceclone.synthesis.phrase_store import Phrase
from wyoming_voiceclone.synthesis.phrases import PhraseCache, Spoken, phrase_key

_CHUNK_S = 0.2


class CachedBackend:
    """Replays what `backend` has spoken before, and keeps what it speaks.

    Wrap a leaf, not the router: else a fallback's audio is kept under the preferred voice.
    """

    def __init__(self, backend: Backend, phrases: PhraseCache) -> None:
        self.backend = backend
        self.phrases = phrases
        self._closed = False

    @property
    def name(self) -> str:
        return self.backend.name

    def capabilities(self) -> Capabilities:
        return self.backend.capabilities()

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        key = None if self._closed else self._key(request)
        if key is None:
            return await self.backend.synthesize(request)
        if (phrase := await self.phrases.get(key)) is not None:
            return await _replay(phrase)
        stream = await self.backend.synthesize(request)
        return await AudioStream.begin(
            stream.rate,
            self._kept(key, stream),
            timings=stream.timings,
            full_scale=stream.full_scale,
            source=stream.source,
        )

    async def aclose(self) -> None:
        """Close the backend; the phrase cache belongs to whoever made it."""
        self._closed = True
        await self.backend.aclose()

    def _key(self, request: SynthesisRequest) -> str | None:
        """None where the sentence cannot be told from another one."""
        if not self.phrases.enabled:
            return None
        voices = self.backend.capabilities().voices
        voice = next((voice for voice in voices if voice.name == request.voice), None)
        if voice is None and request.speaker_state is None:
            return None
        revision = voice.revision if voice else ""
        return phrase_key(self.name, revision, request)

    async def _kept(self, key: str, stream: AudioStream) -> AsyncGenerator[Chunk, None]:
        """Pass `stream` on, and keep it once it has ended well."""
        chunks: list[Chunk] = []
        samples, most = 0, self.phrases.longest_s * stream.rate
        async with aclosing(stream):
            async for chunk in stream:
                samples += len(chunk)
                if samples <= most:
                    chunks.append(chunk)
                else:
                    chunks.clear()
                yield chunk
        if 0 < samples <= most:
            spoken = Spoken(stream.rate, chunks, stream.full_scale, tuple(stream.timings))
            self.phrases.put(key, spoken)


async def _replay(phrase: Phrase) -> AudioStream:
    recording = phrase.recording
    return await AudioStream.begin(
        recording.rate,
        _chunks(phrase),
        timings=phrase.timings,
        full_scale=phrase.full_scale,
        replayed=True,
    )


async def _chunks(phrase: Phrase) -> AsyncGenerator[Chunk, None]:
    recording = phrase.recording
    step = round(_CHUNK_S * recording.rate)
    for start in range(0, len(recording.samples), step):
        yield recording.chunk(start, start + step)
