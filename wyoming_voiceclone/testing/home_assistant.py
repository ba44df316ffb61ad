"""A client that behaves as Home Assistant does, and a server for it on the loopback."""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from wyoming_voiceclone.servers.wyoming import Limits, Speech, WyomingServer
from wyoming_voiceclone.testing.line import Heard, Line

__all__ = ["Heard", "HomeAssistant", "Line", "loopback"]


class HomeAssistant:
    """One connection per request, and the streaming way whenever it is advertised."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._streams: bool | None = None

    async def info(self) -> Info:
        """Ask for the voices. Raises ConnectionError when the server closes instead."""
        async with self.connected() as line:
            await line.send(Describe())
            while event := await line.receive():
                if Info.is_type(event.type):
                    return Info.from_event(event)
        raise ConnectionError("the connection ended without an info")

    async def say(
        self, text: str, *, voice: str | None = None, speaker: str | None = None
    ) -> Heard:
        """`tts.speak`: the streaming way if the server's program has it, else `synthesize`."""
        if self._streams is None:
            self._streams = (await self.info()).tts[0].supports_synthesize_streaming
        if self._streams:
            return await self.say_words([text], voice=voice, speaker=speaker)
        return await self.say_plain(text, voice=voice, speaker=speaker)

    async def say_plain(
        self,
        text: str,
        *,
        voice: str | None = None,
        speaker: str | None = None,
        text_format: str | None = None,
    ) -> Heard:
        """One `synthesize`; read to the first `audio-stop`."""
        async with self.connected() as line:
            began = time.monotonic()
            wanted = _voice(voice, speaker)
            await line.send(Synthesize(text, wanted, text_format))
            return await line.hear("audio-stop", began)

    async def say_words(
        self,
        pieces: Iterable[str] | AsyncIterable[str],
        *,
        voice: str | None = None,
        speaker: str | None = None,
        text_format: str | None = None,
    ) -> Heard:
        """A text stream, the whole text again as `synthesize`, and reading at the same time."""
        async with self.connected() as line:
            began = time.monotonic()
            hearing = asyncio.create_task(line.hear("synthesize-stopped", began))
            try:
                start = SynthesizeStart(_voice(voice, speaker), text_format)
                await _send_words(line, start, pieces)
                return await hearing
            finally:
                hearing.cancel()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Line]:
        """A connection of one's own, to send anything on."""
        parts = urlsplit(self.uri)
        if parts.scheme == "unix":
            reader, writer = await asyncio.open_unix_connection(parts.path)
        else:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        line = Line(reader, writer)
        try:
            yield line
        finally:
            await line.aclose()


@asynccontextmanager
async def loopback(speech: Speech, limits: Limits | None = None) -> AsyncIterator[HomeAssistant]:
    """A server on a free port of this machine, and Home Assistant for it."""
    server = WyomingServer(speech, limits)
    await server.start(["tcp://127.0.0.1:0"])
    try:
        yield HomeAssistant(server.addresses[0])
    finally:
        await server.aclose()


async def _send_words(
    line: Line, start: SynthesizeStart, pieces: Iterable[str] | AsyncIterable[str]
) -> None:
    await line.send(start)
    said = ""
    async for piece in _iterate(pieces):
        said += piece
        await line.send(SynthesizeChunk(piece))
    await line.send(Synthesize(said, start.voice))
    await line.send(SynthesizeStop())


async def _iterate(pieces: Iterable[str] | AsyncIterable[str]) -> AsyncIterator[str]:
    if isinstance(pieces, AsyncIterable):
        async for piece in pieces:
            yield piece
    else:
        for piece in pieces:
            yield piece


def _voice(name: str | None, speaker: str | None) -> SynthesizeVoice | None:
    return SynthesizeVoice(name=name, speaker=speaker) if name else None
