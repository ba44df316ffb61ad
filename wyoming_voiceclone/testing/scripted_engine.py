"""An engine that speaks tones, clones pitches, and crashes on demand; it loads nothing.

A worker hosts it as HOSTED_AS.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Sequence

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
from wyoming_voiceclone.backends.declaration import Declaration, Licence, ReferenceNeeds
from wyoming_voiceclone.backends.scripted import ADA
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.errors import BackendUnavailable, ConfigError
from wyoming_voiceclone.voices import Reference, SpeakerState

_LOGGER = logging.getLogger(__name__)


class ScriptedSettings(EngineSettings):
    """How it behaves; the first ones are those of ScriptedCloner."""

    rate: int = 22_050
    word_s: float = 0.1
    first_chunk_s: float = 0.0
    chunk_s: float = 0.0
    refuse: str | None = None
    die: str | None = None
    stall: str | None = None
    enroll_s: float = 0.0
    revision: str = "1"
    level: float = 1.0
    """How loud it is, against full scale."""
    crash: str | None = None
    """A text that holds this kills the process after its first chunk."""
    load_s: float = 0.0
    """How long the engine takes to be there; it blocks, as loading a model does."""
    broken: str = ""
    """Why it can never be loaded."""
    model_s: float = 0.0
    """How long its model takes to be loaded, once the engine is there."""
    lost: str = ""
    """Why its model cannot be loaded."""
    prints: str = ""
    """What its library writes to standard output while it loads."""


_SCRIPT = {
    *("rate", "word_s", "first_chunk_s", "chunk_s", "refuse", "die", "stall"),
    *("enroll_s", "revision"),
}


class ScriptedEngineBackend:
    """ScriptedCloner with what only a process of its own can show."""

    name = "scripted"

    def __init__(self, settings: ScriptedSettings) -> None:
        script = settings.model_dump(include=_SCRIPT)
        self._cloner = ScriptedCloner(self.name, voices=[ADA], **script)
        self._settings = settings

    @property
    def revision(self) -> str:
        return self._cloner.revision

    def capabilities(self) -> Capabilities:
        return self._cloner.capabilities()

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak; says in the log how many chunks were computed."""
        stream = await self._cloner.synthesize(request)
        timings: list[Timing] = []
        return await AudioStream.begin(
            stream.rate,
            self._chunks(request, stream, timings),
            timings=timings,
            full_scale=self._settings.level,
        )

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        return await self._cloner.enroll(reference, progress)

    async def warm(self, _voices: Sequence[str]) -> None:
        """Load the model. Raises BackendUnavailable."""
        await asyncio.sleep(self._settings.model_s)
        if self._settings.lost:
            raise BackendUnavailable(self._settings.lost)
        _LOGGER.info("the model is loaded")

    async def aclose(self) -> None:
        await self._cloner.aclose()

    async def _chunks(
        self, request: SynthesisRequest, stream: AudioStream, timings: list[Timing]
    ) -> AsyncGenerator[Chunk, None]:
        words, word_s = request.text.split(), self._settings.word_s / request.speed
        try:
            async with stream:
                async for chunk in stream:
                    begin_s = len(timings) * word_s
                    timings.append(Timing(words[len(timings)], begin_s, begin_s + word_s))
                    yield chunk * np.float32(self._settings.level)
                    if self._settings.crash and self._settings.crash in request.text:
                        os.kill(os.getpid(), signal.SIGKILL)
        finally:
            _LOGGER.info("computed %d of %d chunks", len(timings), len(words))


def _make(settings: ScriptedSettings, _folders: Folders) -> ScriptedEngineBackend:
    if settings.broken:
        raise ConfigError(settings.broken)
    time.sleep(settings.load_s)
    if settings.prints:
        sys.stdout.write(settings.prints)
    return ScriptedEngineBackend(settings)


HOSTED_AS = f"{__name__}:ENGINE"
"""What a worker is told to host."""

DECLARED = Declaration(
    title="Scripted",
    about="tones instead of words, for tests",
    languages=("en", "de"),
    rate=22_050,
    licence=Licence("Apache-2.0"),
    reference=ReferenceNeeds(least_s=1, most_s=60),
)
ENGINE = Engine("scripted", ScriptedSettings, _make, DECLARED)
