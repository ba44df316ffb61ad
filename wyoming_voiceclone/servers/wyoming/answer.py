"""The answer to one utterance: always an ending, whatever happens before it."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from wyoming_voiceclone.audio.chunk import Chunk, silence
from wyoming_voiceclone.audio.pcm import WIDTH, to_pcm16
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.servers.wyoming.failures import InternalFault, error_event
from wyoming_voiceclone.servers.wyoming.speech import Speech
from wyoming_voiceclone.servers.wyoming.text_stream import TextStream
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.wire import EventWriter, PeerGone, encode

_LOGGER = logging.getLogger(__name__)

_EVENT_SAMPLES = 2_048
_WRITE_SAMPLES = 16 * _EVENT_SAMPLES
"""64 KiB of PCM between two looks at whether the peer keeps up."""
_TOLD = 4
"""Of whoever spoke in turn, so many are named in the log."""
_EMPTY_S = 0.1
"""Home Assistant caches a WAV without samples as a success (core#50729), so there is never one."""


@dataclass(frozen=True, slots=True)
class Utterance:
    request: UtteranceRequest
    text: TextStream
    streaming: bool
    """Whether it came as a text stream, and so ends with `synthesize-stopped`."""


class Answer:
    """`audio-start`, `audio-chunk`s, `audio-stop`; an `error` stands before the endings."""

    def __init__(self, utterance: Utterance, speech: Speech, writer: EventWriter) -> None:
        self._utterance = utterance
        self._speech = speech
        self._writer = writer
        self._began = self._heard_at = time.monotonic()
        self._rate: int | None = None
        self._samples = 0
        self._first_audio_s: float | None = None
        self._outcome = "abandoned"
        self._heard: Sequence[str] = ()

    @property
    def silent_s(self) -> float:
        """How long nothing was heard while no text waited; infinite before any text came."""
        text = self._utterance.text
        if text.waiting or text.ended:
            return 0.0
        return time.monotonic() - self._heard_at if text.chars else math.inf

    async def give(self) -> None:
        """Speak to the end. Raises PeerGone."""
        self._heard_at = time.monotonic()
        try:
            await self._speak()
            await self._writer.write(*self._endings())
        finally:
            self._report()

    def break_off(self, error: VoiceCloneError) -> None:
        """Say why nothing more comes; for an answer whose `give` was cancelled."""
        self._writer.write_last(error_event(error), *self._endings())

    async def _speak(self) -> None:
        try:
            await self._play()
            self._outcome = "spoken"
        except PeerGone:
            raise
        except VoiceCloneError as error:
            await self._fail(error)
        except Exception:
            _LOGGER.exception("a fault while speaking")
            await self._fail(InternalFault("speaking failed inside the server — see its log"))

    async def _play(self) -> None:
        request, text = self._utterance.request, self._utterance.text
        if text.error:
            raise text.error
        async with await self._speech.speak(request, text) as audio:
            self._heard = audio.heard  # it grows
            await self._play_chunks(audio)
        if text.error:  # whoever spoke may have taken it for the end of the text
            raise text.error

    async def _play_chunks(self, audio: AudioStream) -> None:
        async for chunk in audio:
            for at in range(0, len(chunk), _WRITE_SAMPLES):
                await self._send(audio.rate, chunk[at : at + _WRITE_SAMPLES])
        if self._rate is None:
            await self._send(audio.rate, silence(audio.rate, _EMPTY_S))

    async def _send(self, rate: int, chunk: Chunk) -> None:
        pcm, size = to_pcm16(chunk), _EVENT_SAMPLES * WIDTH
        blocks = (pcm[at : at + size] for at in range(0, len(pcm), size))
        frames = [encode(AudioChunk(rate, WIDTH, 1, audio=block).event()) for block in blocks]
        if self._rate is None:
            self._rate = rate
            frames.insert(0, encode(AudioStart(rate, WIDTH, 1).event()))
        await self._writer.write_frames(b"".join(frames))
        self._samples += len(chunk)
        self._heard_at = time.monotonic()
        if self._first_audio_s is None:
            self._first_audio_s = self._heard_at - self._began

    async def _fail(self, error: VoiceCloneError) -> None:
        self._outcome = f"{type(error).__name__}: {error}"
        await self._writer.write(error_event(error))

    def _endings(self) -> list[Event]:
        endings = [AudioStop().event()]
        if self._utterance.streaming:
            endings.append(SynthesizeStopped().event())
        return endings

    def _report(self) -> None:
        heard = "no audio"
        if self._first_audio_s is not None:
            heard = f"first audio after {self._first_audio_s * 1e3:.0f} ms, "
            heard += f"{self._samples / (self._rate or 1):.2f} s of audio"
        _LOGGER.info(
            "%s%s, %d characters: %s in %.0f ms, %.200s",
            _asked(self._utterance.request),
            _told(self._heard),
            self._utterance.text.chars,
            heard,
            (time.monotonic() - self._began) * 1e3,
            "".join(c if c.isprintable() else "?" for c in self._outcome),  # it may quote the peer
        )


def _told(heard: Sequence[str]) -> str:
    """Who spoke, and who took over."""
    more = f" and {len(heard) - _TOLD} more changes" if len(heard) > _TOLD else ""
    turns = ", then ".join(map(_discreet, heard[:_TOLD]))
    return f", by {turns}{more}" if heard else ""


def _asked(request: UtteranceRequest) -> str:
    if request.voice:
        return f"voice {_discreet(request.voice)!r}"
    return f"language {request.language!r}" if request.language else "the default voice"


def _discreet(name: str) -> str:
    """Whoever knows the name of a custom voice may use it: it is not for the log."""
    before, mark, _ = name.partition("custom:")
    return f"{before}{mark}…" if mark else name
