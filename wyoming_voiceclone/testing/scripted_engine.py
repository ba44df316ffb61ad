"""An engine that speaks tones, clones levels, and crashes on demand; it loads nothing.

A worker hosts it as HOSTED_AS.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import (
    AudioStream,
    Capabilities,
    Engine,
    EngineSettings,
    Folders,
    Progress,
    SynthesisRequest,
    Timing,
)
from wyoming_voiceclone.backends.scripted import ADA, ScriptedBackend
from wyoming_voiceclone.errors import BadRecording, ConfigError
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key

_LOGGER = logging.getLogger(__name__)


class ScriptedSettings(EngineSettings):
    """How it behaves; the first ones are those of ScriptedBackend."""

    rate: int = 22_050
    word_s: float = 0.1
    first_chunk_s: float = 0.0
    chunk_s: float = 0.0
    refuse: str | None = None
    die: str | None = None
    stall: str | None = None
    crash: str | None = None
    """A text that holds this kills the process after its first chunk."""
    enroll_s: float = 0.0
    load_s: float = 0.0
    """How long the engine takes to be there; it blocks, as loading a model does."""
    broken: str = ""
    """Why it can never be loaded."""
    prints: str = ""
    """What its library writes to standard output while it loads."""
    revision: str = "1"


class ScriptedEngineBackend:
    """ScriptedBackend with cloning: a state is the reference's peak, and speech is that loud."""

    name = "scripted"

    def __init__(self, settings: ScriptedSettings) -> None:
        script = settings.model_dump(
            include={"rate", "word_s", "first_chunk_s", "chunk_s", "refuse", "die", "stall"}
        )
        self._speaker = ScriptedBackend(self.name, **script)
        self._settings = settings

    @property
    def revision(self) -> str:
        return self._settings.revision

    def capabilities(self) -> Capabilities:
        return Capabilities((ADA,), clones=True, clone_languages=("en", "de"))

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak; says in the log how many chunks were computed."""
        stream = await self._speaker.synthesize(request)
        timings: list[Timing] = []
        level = 1.0 if request.speaker_state is None else _level(request.speaker_state)
        chunks = self._chunks(request, stream, level, timings)
        return await AudioStream.begin(stream.rate, chunks, timings=timings, full_scale=level)

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Raises BadRecording for less than a second."""
        if reference.seconds < 1:
            raise BadRecording(f"{reference.seconds:.1f} s of speech, need 1 s — record again")
        for share in (0.5, 1.0):
            await asyncio.sleep(self._settings.enroll_s / 2)
            if progress:
                progress(share)
        peak = np.abs(reference.samples).max(keepdims=True)
        key = state_key(reference, self.name, self.revision)
        return SpeakerState(key, {"level": peak}, {"language": reference.language or ""})

    async def aclose(self) -> None:
        await self._speaker.aclose()

    async def _chunks(
        self, request: SynthesisRequest, stream: AudioStream, level: float, timings: list[Timing]
    ) -> AsyncGenerator[Chunk, None]:
        spoken = 0
        words = request.text.split()
        word_s = self._settings.word_s / request.speed
        try:
            async with stream:
                async for chunk in stream:
                    timings.append(Timing(words[spoken], spoken * word_s, (spoken + 1) * word_s))
                    spoken += 1
                    yield chunk * np.float32(level)
                    if self._settings.crash and self._settings.crash in request.text:
                        os.kill(os.getpid(), signal.SIGKILL)
        finally:
            _LOGGER.info("computed %d of %d chunks", spoken, len(words))


def _level(state: SpeakerState) -> float:
    return float(state.tensors["level"][0])


def _make(settings: ScriptedSettings, _folders: Folders) -> ScriptedEngineBackend:
    if settings.broken:
        raise ConfigError(settings.broken)
    time.sleep(settings.load_s)
    if settings.prints:
        sys.stdout.write(settings.prints)
    return ScriptedEngineBackend(settings)


HOSTED_AS = f"{__name__}:ENGINE"
"""What a worker is told to host."""

ENGINE = Engine("scripted", ScriptedSettings, _make)
