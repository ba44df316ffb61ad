"""KyutaiBackend: speaks in predefined voices, and in cloned ones when the encoder is there."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.tempo import Tempo
from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Capabilities,
    Progress,
    SynthesisRequest,
    Timing,
)
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.faults import DeviceFaults
from wyoming_voiceclone.backends.instances import Instances
from wyoming_voiceclone.backends.kyutai.cast import find_cast
from wyoming_voiceclone.backends.kyutai.checkpoint import Checkpoint, find_checkpoint
from wyoming_voiceclone.backends.kyutai.enrolment import Enrolment
from wyoming_voiceclone.backends.kyutai.libraries import prepare_libraries
from wyoming_voiceclone.backends.kyutai.manner import Manner, manner_of
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.speaker import NAME, Speaker, latents_of, read_latents
from wyoming_voiceclone.backends.kyutai.words import Heard, Words
from wyoming_voiceclone.backends.weights import digest
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key

if TYPE_CHECKING:
    from wyoming_voiceclone.backends.kyutai.model import KyutaiModel

_VERSION = "1"
"""Of how recordings are prepared: states of another one are of no use."""
_RATE = 24_000
_LANGUAGES = ("en", "fr")


class KyutaiBackend:
    """Making one reads files, and loads nothing. Raises BackendUnavailable, ConfigError."""

    name = "kyutai"

    def __init__(
        self, settings: KyutaiSettings, folders: Folders, broken: Callable[[], None] = lambda: None
    ) -> None:
        """`broken` is called when the GPU failed in a way that only a new process gets over."""
        self._settings = settings
        checkpoint = find_checkpoint(settings, folders)
        self._enrolment = Enrolment(settings, checkpoint)
        clones = self._enrolment.encoder is not None
        self._cast = find_cast(settings, folders, checkpoint)
        self._capabilities = Capabilities(
            self._cast.voices,
            clones=clones,
            clone_languages=_LANGUAGES if clones else (),
        )
        self._signature = checkpoint.signature
        self.revision = _revision(checkpoint, self._enrolment)
        load = partial(_load, checkpoint, settings)
        guard, patience_s = DeviceFaults(self.name, broken), settings.patience_s
        self._instances = Instances(
            self.name, load, settings.listeners, patience_s=patience_s, guard=guard
        )

    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak one sentence."""
        return await self._begun(request, Words.of(spelled(request.text)))

    async def synthesize_words(
        self, request: SynthesisRequest, text: AsyncIterator[str]
    ) -> AudioStream:
        """Speak a text while it is being written; two words are known beyond the one spoken.

        `request` says everything but the text, which comes in pieces, cut anywhere.
        """
        words = Words()
        writing = asyncio.create_task(_written(text, words))
        try:
            return await self._begun(request, words, writing)
        except BaseException:
            await cancelled(writing)
            raise

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Compute a speaker state. Raises CannotClone when Kyutai's encoder is not here."""
        latents = await self._enrolment.latents(reference, progress)
        key = await asyncio.to_thread(state_key, reference, self.name, self.revision)
        return SpeakerState(key, {NAME: latents}, {"signature": self._signature})

    async def warm(self, _voices: Sequence[str]) -> None:
        """Load the model; any voice is taken in within milliseconds."""
        await self._instances.load()

    async def aclose(self) -> None:
        await self._instances.aclose()
        await self._enrolment.aclose()

    async def _begun(
        self, request: SynthesisRequest, words: Words, writing: asyncio.Task[None] | None = None
    ) -> AudioStream:
        language = (request.language or _LANGUAGES[0]).partition("-")[0].lower()
        if language not in _LANGUAGES:
            raise BackendUnavailable(f"kyutai speaks English and French, not {request.language}")
        speaker, manner = self._speaker(request), manner_of(request, self._settings)
        timings: list[Timing] = []
        heard = partial(_note, timings, request.speed)
        speak = partial(_spoken, speaker, words, manner, heard, request.speed)
        chunks = _beside(writing, self._instances.speak(speak))
        return await AudioStream.begin(_RATE, chunks, timings=timings)

    def _speaker(self, request: SynthesisRequest) -> Speaker:
        state = request.speaker_state
        if state is not None:
            return partial(latents_of, state)
        file = self._cast.files.get(request.voice)
        if file is None:
            raise BackendUnavailable(f"kyutai has no voice {request.voice}")
        return partial(read_latents, file)


def _load(checkpoint: Checkpoint, settings: KyutaiSettings) -> "KyutaiModel":
    device = prepare_libraries(settings.device, settings.listeners)
    from wyoming_voiceclone.backends.kyutai.model import KyutaiModel  # noqa: PLC0415

    return KyutaiModel(checkpoint, settings, device)


def _spoken(
    speaker: Speaker,
    words: Words,
    manner: Manner,
    heard: Heard,
    speed: float,
    model: "KyutaiModel",
) -> Iterator[Chunk]:
    tempo = Tempo(_RATE, speed)
    for chunk in model.speak(speaker, words, manner, heard):
        yield tempo.feed(chunk)
    yield tempo.finish()


def _note(timings: list[Timing], speed: float, word: str, start_s: float, end_s: float) -> None:
    timings.append(Timing(word, start_s / speed, end_s / speed))


async def _written(text: AsyncIterator[str], words: Words) -> None:
    """Hand the text on as it comes, and what went wrong with it to whoever speaks it."""
    try:
        async for piece in text:
            words.add(piece)
    except Exception as error:  # noqa: BLE001 -- it is raised again where it matters
        words.fail(error)
    else:
        words.end()


async def _beside(
    writing: asyncio.Task[None] | None, chunks: AsyncGenerator[Chunk, None]
) -> AsyncGenerator[Chunk, None]:
    """The chunks, and the end of `writing` with them."""
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        await chunks.aclose()
        if writing:
            await cancelled(writing)


def _revision(checkpoint: Checkpoint, enrolment: Enrolment) -> str:
    """Of what speaker states depend on."""
    parts = [_VERSION, version("moshi"), checkpoint.signature, checkpoint.revision]
    parts += [digest(enrolment.encoder)] if enrolment.encoder else []
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
