"""EspeakBackend: never silent, whatever the language."""

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Capabilities,
    SynthesisRequest,
    Timing,
)
from wyoming_voiceclone.backends.espeak.languages import read_voices
from wyoming_voiceclone.backends.espeak.library import Manner, Mark, data_folder, the_library
from wyoming_voiceclone.backends.espeak.pieces import pieces, speakable
from wyoming_voiceclone.backends.espeak.settings import EspeakSettings
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest
from wyoming_voiceclone.text.phonemes import spelled

_RATE = 22_050  # of every voice of espeak-ng
_FULL_SCALE = 0.9  # its speech peaks between 0.7 and 1.0
_SLOWEST, _FASTEST = 80, 450  # words per minute, of speak_lib.h


class EspeakBackend:
    """Speaks each piece of text whole within milliseconds, one after the other, in one thread."""

    name = "espeak"

    def __init__(self, settings: EspeakSettings) -> None:
        """Blocks: reads the voices' headers (10 ms)."""
        self._settings = settings
        self._voices = read_voices(data_folder())
        revision = f"{version('espeakng-loader')}-{settings.words_per_minute}-{settings.pitch}"
        self._capabilities = Capabilities(
            tuple(replace(each.voice, revision=revision) for each in self._voices.values())
        )
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="espeak")
        self._speaking: set[_Speaking] = set()
        self._closed = False

    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak one sentence; with a seed, whichever, the same text always sounds the same."""
        if self._closed:
            raise BackendUnavailable("espeak is closed")
        if request.voice not in self._voices:
            raise BackendUnavailable(f"espeak has no voice {request.voice}")
        if not 0 < request.speed < float("inf"):
            raise BadRequest(f"speed: {request.speed} — use a number from 0.5 to 2.5")
        manner = Manner(
            self._voices[request.voice].identifier,
            _words_per_minute(self._settings.words_per_minute * request.speed),
            self._settings.pitch,
        )
        words = _Words()
        make = functools.partial(_Speaking, manner=manner, anew=request.seed is not None)
        chunks = self._chunks(speakable(spelled(request.text)), make, words)
        return await AudioStream.begin(_RATE, chunks, timings=words.timings, full_scale=_FULL_SCALE)

    async def aclose(self) -> None:
        self._closed = True
        for speaking in self._speaking:
            speaking.stopped = True
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)

    async def _chunks(
        self, text: str, make: "Callable[[str], _Speaking]", words: "_Words"
    ) -> AsyncGenerator[Chunk, None]:
        for piece in pieces(text):
            words.begin(piece)
            speaking = make(piece)
            self._speaking.add(speaking)
            try:
                async for chunk, marks in speaking.run(self._executor):
                    words.add(chunk, marks)
                    if len(chunk):
                        yield chunk
            finally:
                await speaking.stop()
                self._speaking.discard(speaking)


class _Speaking:
    """One piece on its way through the espeak thread."""

    def __init__(self, text: str, *, manner: Manner, anew: bool) -> None:
        self._text, self._manner, self._anew = text, manner, anew
        self._heard: asyncio.Queue[tuple[Chunk, list[Mark]] | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._work: asyncio.Future[None] | None = None
        self.stopped = False
        """Set by whoever lost interest; the thread sees it within 60 ms of audio."""

    async def run(
        self, executor: ThreadPoolExecutor
    ) -> AsyncGenerator[tuple[Chunk, list[Mark]], None]:
        try:
            self._work = self._loop.run_in_executor(executor, self._speak)
        except RuntimeError as error:  # shut down
            raise BackendError("espeak was closed while it spoke") from error
        self._work.add_done_callback(lambda _: self._heard.put_nowait(None))
        while (heard := await self._heard.get()) is not None:
            yield heard
        if self.stopped or self._work.cancelled():
            raise BackendError("espeak was closed while it spoke")
        await self._work

    async def stop(self) -> None:
        self.stopped = True
        if self._work is not None and not self._work.done():
            self._work.cancel()
            await asyncio.wait({self._work})

    def _speak(self) -> None:
        the_library().speak(self._text, self._manner, self._hand_over, anew=self._anew)

    def _hand_over(self, chunk: Chunk, marks: list[Mark]) -> bool:
        if self.stopped:
            return False
        self._loop.call_soon_threadsafe(self._heard.put_nowait, (chunk, marks))
        return True


class _Words:
    """Turns marks into timings, over all the pieces of a sentence."""

    def __init__(self) -> None:
        self.timings: list[Timing] = []
        self._text = ""
        self._samples = 0
        self._offset_s = 0.0
        self._open: Mark | None = None

    def begin(self, piece: str) -> None:
        self._text = piece
        self._offset_s = self._samples / _RATE

    def add(self, chunk: Chunk, marks: list[Mark]) -> None:
        self._samples += len(chunk)
        for mark in marks:
            self._add(mark)

    def _add(self, mark: Mark) -> None:
        spoken = self._open
        if spoken and spoken.start == mark.start and mark.length:  # one word, spoken as several
            return
        if spoken:
            text = self._text[spoken.start : spoken.start + spoken.length]
            start_s, end_s = self._offset_s + spoken.at_s, self._offset_s + mark.at_s
            self.timings.append(Timing(text, start_s, end_s))
        self._open = mark if mark.length else None


def _words_per_minute(wanted: float) -> int:
    return round(min(max(wanted, _SLOWEST), _FASTEST))
