"""The answer to one sentence, as it comes: from `audio-start` to `audio-stop`."""

from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
from wyoming.event import Event

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import Timing
from wyoming_voiceclone.backends.peer.failures import error_of, wire_faults
from wyoming_voiceclone.backends.peer.link import Link
from wyoming_voiceclone.backends.peer.messages import FLOAT32, ours, read_timings
from wyoming_voiceclone.errors import ProtocolError, VoiceCloneError

_SILENT_RATE = 22_050
"""Of an answer that ends before it begins."""
_FULL_SCALE = {2: 2.0**15, 4: 2.0**31}
"""Of PCM, by its bytes per sample."""
_LOUDEST = 100.0


class Answer:
    """Reads one answer from `link`; of the peer `name`, which may be silent for `silence_s`."""

    def __init__(self, link: Link, name: str, silence_s: float) -> None:
        self.rate = _SILENT_RATE
        self.full_scale = 1.0
        self.timings: list[Timing] = []
        """Grows while the chunks come."""
        self._link, self._name, self._silence_s = link, name, silence_s
        self._dtype, self._channels, self._divisor = "<i2", 1, _FULL_SCALE[2]
        self._rest = b""
        self._ended = False

    async def begin(self) -> None:
        """Wait for `audio-start`, or for the end of an answer without sound."""
        with wire_faults(self._name):
            while not self._ended:
                event = await self._next()
                if event.type == "audio-start":
                    self._start(event.data)
                    return

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        """The sound, to the end of the answer."""
        while not self._ended:
            with wire_faults(self._name):
                event = await self._next()
                chunk = self._chunk(event)
            if chunk is not None and len(chunk):
                yield chunk

    async def _next(self) -> Event:
        event = await self._link.receive(self._silence_s)
        if event.type == "error":
            error = error_of(event, self._name)
            await self._to_the_end(error)
            raise error
        self._ended = self._link.at_rest = event.type == "audio-stop"
        return event

    async def _to_the_end(self, error: VoiceCloneError) -> None:
        """An error stands before the ending: afterwards the connection is good for another try."""
        try:
            while (await self._link.receive(self._silence_s)).type != "audio-stop":
                pass
        except (VoiceCloneError, TimeoutError):
            raise error from None

    def _start(self, data: dict[str, Any]) -> None:
        rate, width, channels = (data.get(key) for key in ("rate", "width", "channels"))
        if type(rate) is not int or not 1_000 <= rate <= 400_000:
            raise ProtocolError(f"audio-start with rate {rate!r:.20}")
        if type(channels) is not int or not 1 <= channels <= 8:
            raise ProtocolError(f"audio-start with {channels!r:.20} channels")
        if width not in _FULL_SCALE:
            raise ProtocolError(f"samples of {width!r:.20} bytes — only 2 and 4 are understood")
        extras = ours(data)
        self.rate, self._channels = rate, channels
        self._dtype, self._divisor = f"<i{width}", _FULL_SCALE[width]
        if extras.get("format") == FLOAT32:
            self._dtype, self._divisor = "<f4", 1.0
        full_scale = extras.get("full_scale", 1.0)
        if type(full_scale) in (int, float) and 0 < full_scale < _LOUDEST:
            self.full_scale = float(full_scale)
        self.timings += read_timings(extras.get("timings"))

    def _chunk(self, event: Event) -> Chunk | None:
        if event.type == "audio-start" and event.data.get("rate") != self.rate:
            raise ProtocolError("a second rate within one answer")
        if event.type != "audio-chunk":
            return None
        self.timings += read_timings(ours(event.data).get("timings"))
        pcm = self._rest + (event.payload or b"")
        frame = np.dtype(self._dtype).itemsize * self._channels
        whole = len(pcm) - len(pcm) % frame
        self._rest = pcm[whole:]
        samples = np.frombuffer(pcm[:whole], self._dtype).astype(np.float32)
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(1)
        return (samples / np.float32(self._divisor)).astype(np.float32, copy=False)
