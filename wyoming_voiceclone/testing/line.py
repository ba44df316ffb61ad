"""One client connection, read and written by the wyoming package itself, and what it hears."""

import asyncio
import io
import socket
import struct
import time
import wave
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
from wyoming.audio import AudioChunk, AudioStart
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_read_event, async_write_event

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


class Line:
    """Sends anything, by the rules or not, and goes away in any manner."""

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
