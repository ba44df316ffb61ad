"""The answer to one sentence of a peer: unlevelled float32, with everything the engine knows."""

import logging
from collections.abc import Mapping
from typing import Any

from wyoming.audio import AudioStop
from wyoming.event import Event

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import AudioStream, SynthesisRequest
from wyoming_voiceclone.backends.peer.messages import FLOAT32, OURS, timings_data
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.servers.wyoming.extension import Extension
from wyoming_voiceclone.servers.wyoming.failures import error_event, telling_failures
from wyoming_voiceclone.wire import EventWriter, encode

_LOGGER = logging.getLogger(__name__)

_EVENT_SAMPLES = 8_192
_FORMAT = {"width": 4, "channels": 1}


class SentenceAnswer:
    """`audio-start`, `audio-chunk`s, `audio-stop`; an `error` stands before the ending."""

    def __init__(
        self, extension: Extension, data: Mapping[str, Any], name_chars: int, writer: EventWriter
    ) -> None:
        self._extension = extension
        self._data, self._name_chars = data, name_chars
        self._writer = writer
        self._timings = 0

    async def give(self) -> None:
        """Speak to the end. Raises PeerGone."""
        async with telling_failures(self._writer):
            request = self._extension.sentence(self._data, self._name_chars)
            await self._speak(request)
        await self._writer.write(AudioStop().event())

    def break_off(self, error: VoiceCloneError) -> None:
        self._writer.write_last(error_event(error), AudioStop().event())

    async def _speak(self, request: SynthesisRequest) -> None:
        async with await self._extension.backend.synthesize(request) as stream:
            start = {"full_scale": stream.full_scale, "format": FLOAT32} | self._news(stream)
            opening = Event("audio-start", {"rate": stream.rate, **_FORMAT, OURS: start})
            waiting = encode(opening)
            async for chunk in stream:
                await self._writer.write_frames(waiting + self._frames(stream, chunk))
                waiting = b""
                if request.playback:
                    request.playback.hand_over(len(chunk) / stream.rate)
            if waiting:
                await self._writer.write_frames(waiting)

    def _frames(self, stream: AudioStream, chunk: Chunk) -> bytes:
        samples, news = chunk.astype("<f4", copy=False), self._news(stream)
        frames = []
        for at in range(0, len(chunk), _EVENT_SAMPLES):
            data = {"rate": stream.rate, **_FORMAT, OURS: {"format": FLOAT32} | news}
            payload = samples[at : at + _EVENT_SAMPLES].tobytes()
            frames.append(encode(Event("audio-chunk", data, payload)))
            news = {}
        return b"".join(frames)

    def _news(self, stream: AudioStream) -> dict[str, Any]:
        """The timings that became known since the last event."""
        known = timings_data(stream.timings[self._timings :])
        self._timings += len(known)
        return {"timings": known} if known else {}
