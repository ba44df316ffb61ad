"""A client that behaves as Home Assistant does, and a server for it on the loopback."""

import asyncio
import io
import socket
import struct
import time
import wave
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, cast
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from wyoming.audio import AudioChunk, AudioStart
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_read_event, async_write_event
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from wyoming_voiceclone.servers.wyoming import Limits, Speech, WyomingServer

Ending = Literal["audio-stop", "synthesize-stopped"]


@dataclass
class Heard:
    """Everything that one request was answered with."""

    events: list[Event] = field(default_factory=list)
    rates: list[int] = field(default_factory=list)
    """Of each `audio-start`."""
    pcm: bytes = b""
    first_audio_s: float | None = None
    """From the request to the first `audio-chunk`."""
    total_s: float = 0.0
    error: Error | None = None
    ended: bool = False
    """Whether the proper ending came, and not just the end of the connection."""

    @property
    def types(self) -> list[str]:
        """The events' types in order, without repetitions of `audio-chunk`."""
        types = [event.type for event in self.events]
        return [t for t, before in zip(types, [None, *types], strict=False) if t != before]

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        return np.frombuffer(self.pcm, "<i2")

    @property
    def seconds(self) -> float:
        """As Home Assistant plays it: at the rate of the first `audio-start`."""
        return len(self.samples) / self.rates[0] if self.rates else 0.0

    def wav(self) -> bytes:
        """The file that Home Assistant would cache; empty without an `audio-start`."""
        if not self.rates:
            return b""
        file = io.BytesIO()
        with wave.open(file, "wb") as wav:
            wav.setframerate(self.rates[0])
            wav.setsampwidth(2)
            wav.setnchannels(1)
            wav.writeframes(self.pcm)
        return file.getvalue()


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
    async def connected(self) -> AsyncIterator["Line"]:
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


class Line:
    """One connection, read and written by the wyoming package itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *events: Eventable) -> None:
        for event in events:
            await self.send_event(event.event())

    async def send_event(self, event: Event) -> None:
        await async_write_event(event, self._writer)

    async def send_raw(self, raw: bytes) -> None:
        """Any bytes, rules or not."""
        self._writer.write(raw)
        await self._writer.drain()

    async def receive(self) -> Event | None:
        """The next event; None when the server closed."""
        return await async_read_event(self._reader)

    async def hear(self, ending: Ending = "audio-stop", began: float | None = None) -> Heard:
        """One answer, up to its ending or the end of the connection."""
        began = time.monotonic() if began is None else began
        heard = Heard()
        pcm = bytearray()
        while not heard.ended and (event := await self.receive()):
            heard.events.append(event)
            if AudioStart.is_type(event.type):
                heard.rates.append(AudioStart.from_event(event).rate)
            elif AudioChunk.is_type(event.type):
                heard.first_audio_s = heard.first_audio_s or time.monotonic() - began
                pcm += event.payload or b""
            elif Error.is_type(event.type):
                heard.error = heard.error or Error.from_event(event)
            heard.ended = event.type == ending
        heard.total_s, heard.pcm = time.monotonic() - began, bytes(pcm)
        return heard

    async def rest(self) -> list[Event]:
        """Every event until the server closes."""
        events: list[Event] = []
        while event := await self.receive():
            events.append(event)
        return events

    def end_input(self) -> None:
        """Say no more, but go on listening: a half-closed connection."""
        self._writer.write_eof()

    def stop_reading(self) -> None:
        """Leave what comes in the kernel's buffers."""
        cast("asyncio.ReadTransport", self._writer.transport).pause_reading()

    def reset(self) -> None:
        """Vanish as a killed process with unread input does."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def aclose(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


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
