"""The thinnest speech a server can have: every piece of text is one sentence for one backend."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import AudioStream, Backend, SynthesisRequest
from wyoming_voiceclone.errors import NoBackend, UnknownVoice
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.voices import Voice

_EMPTY_RATE = 22_050


class PlainSpeech:
    """Speaks what a backend speaks: nothing is split, normalised, levelled or retried."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def voices(self) -> Sequence[Voice]:
        return self._backend.capabilities().voices

    async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:
        """Return once the first piece is being spoken. Raises UnknownVoice, NoBackend."""
        names = [voice.name for voice in self.voices()]
        if not names:
            raise NoBackend("there is no voice — add a voice to the backend")
        voice = request.voice or names[0]
        if voice not in names:
            raise UnknownVoice(f"voice {voice} is not known — have {', '.join(names)}")
        async for piece in text:
            if piece.strip():
                manner = replace(request, voice=voice)
                first = await self._sentence(manner, piece)
                return await AudioStream.begin(first.rate, self._chunks(manner, first, text))
        return AudioStream(_EMPTY_RATE, _nothing())

    async def _sentence(self, manner: UtteranceRequest, piece: str) -> AudioStream:
        return await self._backend.synthesize(
            SynthesisRequest(
                piece, manner.voice or "", speed=manner.speed, settings=manner.settings
            )
        )

    async def _chunks(
        self, manner: UtteranceRequest, first: AudioStream, text: AsyncIterator[str]
    ) -> AsyncGenerator[Chunk, None]:
        async with first:
            async for chunk in first:
                yield chunk
        async for piece in text:
            async with await self._sentence(manner, piece) as sentence:
                async for chunk in sentence:
                    yield chunk


async def _nothing() -> AsyncGenerator[Chunk, None]:
    return
    yield
