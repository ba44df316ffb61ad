"""CsmBackend: goes on talking, in English, as whoever the speaker state is of."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from pathlib import Path

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Capabilities,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.backends.csm import ENGINE, WEIGHTS
from wyoming_voiceclone.backends.csm.heard_voices import HeardVoices
from wyoming_voiceclone.backends.csm.model import load_csm
from wyoming_voiceclone.backends.csm.sampling import manner_of
from wyoming_voiceclone.backends.csm.settings import CsmSettings
from wyoming_voiceclone.backends.csm.speaker import heard, learnt
from wyoming_voiceclone.backends.csm.speaking import Sentence, Voicebox
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.faults import DeviceFaults
from wyoming_voiceclone.backends.instances import Instances, shared
from wyoming_voiceclone.backends.weights import digest, fetched
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key

_LANGUAGES = ENGINE.declared.languages
_RESAMPLED = 0.1
_ENCODED = 0.6  # of an enrolment is over


class CsmBackend:
    """It has no voices of its own: without a recording, the model is somebody else each time."""

    name = ENGINE.name

    def __init__(
        self, settings: CsmSettings, folders: Folders, broken: Callable[[], None] = lambda: None
    ) -> None:
        """`broken` is called when the GPU failed in a way that only a new process gets over.

        Blocks. Raises BackendUnavailable when the weights are not here.
        """
        self._settings = settings
        self._folder, self.revision = _found(settings, folders)
        self._voices = HeardVoices(settings.voices_mb * 1_000_000)
        # one model for all: it keeps nothing between two calls
        self._load = shared(lambda: load_csm(self._folder, settings))
        guard, patience_s = DeviceFaults(self.name, broken), settings.patience_s
        self._speaking = Instances(
            self.name, self._voicebox, settings.listeners, patience_s=patience_s, guard=guard
        )
        # learning a voice does not wait until a sentence is over
        self._learning = Instances("csm-learn", self._load, guard=guard)

    def capabilities(self) -> Capabilities:
        return Capabilities((), clones=True, clone_languages=_LANGUAGES)

    async def warm(self, _voices: Sequence[str]) -> None:
        """Load the model. Raises BackendUnavailable."""
        await self._speaking.load()

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Seconds on a CPU. Raises BadRecording without its transcript, too short or too long."""
        tell = progress or _nobody
        key = await asyncio.to_thread(state_key, reference, self.name, self.revision)
        samples = await asyncio.to_thread(heard, reference)
        tell(_RESAMPLED)
        said = reference.transcript
        speaker = await self._learning.run(lambda csm: learnt(csm, samples, said))
        tell(_ENCODED)
        # whoever is learnt is about to be spoken as
        await self._learning.run(partial(self._voices.of, speaker))
        tell(1.0)
        return SpeakerState(key, speaker.tensors())

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Raises BackendUnavailable without a speaker state of this engine."""
        return await AudioStream.begin(ENGINE.declared.rate, self._said(self._sentence(request)))

    async def aclose(self) -> None:
        await self._speaking.aclose()
        await self._learning.aclose()

    def _sentence(self, request: SynthesisRequest) -> Sentence:
        if (state := request.speaker_state) is None:
            raise BackendUnavailable(f"csm has no voice {request.voice}, and no recording of it")
        language = (request.language or _LANGUAGES[0]).partition("-")[0].lower()
        if language not in _LANGUAGES:
            raise BackendUnavailable(f"csm speaks English only, not {request.language}")
        printable = "".join(c if c.isprintable() else " " for c in spelled(request.text))
        text = " ".join(printable.split())
        manner = manner_of(request, self._settings)
        return Sentence(text, state, manner, request.seed, request.speed)

    async def _said(self, sentence: Sentence) -> AsyncGenerator[Chunk, None]:
        if not any(letter.isalnum() for letter in sentence.text):
            return  # with nothing to say, the model would say anything
        chunks = self._speaking.speak(lambda voicebox: voicebox.say(sentence))
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()

    def _voicebox(self) -> Voicebox:
        return Voicebox(self._load(), self._settings, self._voices)


def _found(settings: CsmSettings, folders: Folders) -> tuple[Path, str]:
    """Where the weights lie, and their revision: all that speaker states depend on."""
    if not settings.model:
        weights = fetched(WEIGHTS, folders, ENGINE.name)
        return weights.folder, weights.commit
    folder = Path(settings.model).expanduser()
    files = [*folder.glob("*.json"), *folder.glob("*.safetensors")]
    if not files:
        raise BackendUnavailable(f"{folder}: no weights there — put [engines.csm] model right")
    return folder, digest(*files)


def _nobody(_share: float) -> None:
    pass
