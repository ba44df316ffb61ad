"""PocketBackend: Pocket-TTS speaks as anybody, several at once, each sentence in one thread."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.tempo import Tempo
from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Capabilities,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.instances import Instances, shared
from wyoming_voiceclone.backends.pocket.files import ModelFiles, locate
from wyoming_voiceclone.backends.pocket.memory import listeners
from wyoming_voiceclone.backends.pocket.model import PocketModel
from wyoming_voiceclone.backends.pocket.own_voices import OwnVoices
from wyoming_voiceclone.backends.pocket.prompt import listened_to
from wyoming_voiceclone.backends.pocket.settings import PocketSettings
from wyoming_voiceclone.backends.pocket.state import Prompt, prompt_of, read_exported
from wyoming_voiceclone.errors import BackendUnavailable, CannotClone
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key

RATE = 24_000
"""Of every model that is published."""
Models = Mapping[str, PocketModel]
"""By name."""


class PocketBackend:
    """Its models are loaded once, by whoever needs them first or by `warm`; all share them."""

    name = "pocket"

    def __init__(self, settings: PocketSettings, folders: Folders) -> None:
        """Blocks: looks for its files. Raises BackendUnavailable, ConfigError."""
        self._settings = settings
        self._files = {one.name: one for one in locate(settings, folders)}
        self._own = OwnVoices(self._files.values(), str(settings.temperature))
        self._revision = _revision(settings, self._files.values())
        load = shared(partial(_load, tuple(self._files.values())))
        most = listeners(settings, tuple(self._files.values()))
        patience_s = settings.patience_s
        self._speaking = Instances(self.name, load, most, patience_s=patience_s)
        self._learning = Instances("pocket-learn", load)

    @property
    def revision(self) -> str:
        """Of the weights of all its models, the library, and how much it listens to."""
        return self._revision

    def capabilities(self) -> Capabilities:
        """Every language that it was set up for has a model, and clones."""
        clones = self._settings.cloning
        languages = self._settings.languages if clones else ()
        return Capabilities(self._own.offered, clones=clones, clone_languages=languages)

    async def warm(self, _voices: Sequence[str]) -> None:
        """Load the models. Raises BackendUnavailable."""
        await self._speaking.load()

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Let every model listen; 2 s each on one core. Raises BadRecording, CannotClone."""
        if not self._settings.cloning:
            raise CannotClone(
                "Pocket-TTS has its open weights here, they do not clone — "
                "set [engines.pocket] cloning = true and install it again"
            )
        tell = progress or _nobody
        key = await asyncio.to_thread(state_key, reference, self.name, self.revision)
        seconds = self._settings.reference_s
        samples = await self._learning.run(lambda _: listened_to(reference, RATE, seconds))
        tensors: dict[str, Prompt] = {}
        for name in self._files:
            tell(len(tensors) / len(self._files))
            tensors[name] = await self._learning.run(partial(_listened, name, samples))
        tell(1.0)
        return SpeakerState(key, tensors, {name: one.identity for name, one in self._files.items()})

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak; the first chunk is the first frame of 80 ms."""
        model = self._model(request)
        find = self._person(request, model)
        temperature = self._settings.asked(request, ("temperature",)).temperature

        def speak(models: Models) -> Iterator[Chunk]:
            speaker = models[model]
            text = spelled(request.text)
            chunks = speaker.speak(find(speaker), text, temperature, request.seed)
            yield from _at_speed(chunks, request.speed)

        return await AudioStream.begin(RATE, self._speaking.speak(speak))

    async def aclose(self) -> None:
        await asyncio.gather(self._speaking.aclose(), self._learning.aclose())

    def _model(self, request: SynthesisRequest) -> str:
        """The model of the language."""
        tag = request.language or self._main_language(request)
        name = self._settings.chosen.get(tag.partition("-")[0].lower())
        if name is None:
            have = ", ".join(self._settings.languages)
            raise BackendUnavailable(
                f"pocket speaks {have} here, and no {tag:.20} — "
                f"see [engines.pocket] languages, and install it again"
            )
        return name

    def _main_language(self, request: SynthesisRequest) -> str:
        for voice in self._own.offered:
            if voice.name == request.voice and not request.speaker_state:
                return voice.languages[0]
        return self._settings.languages[0]

    def _person(self, request: SynthesisRequest, model: str) -> Callable[[PocketModel], Prompt]:
        """How to find what the model needs in order to speak as whom the request names."""
        if (state := request.speaker_state) is not None:
            identity = self._files[model].identity
            return lambda speaker: prompt_of(state, model, identity, speaker.like)
        if (path := self._own.path(request.voice, model)) is None:
            raise BackendUnavailable(f"pocket has no voice {request.voice} for {model}")
        return lambda speaker: read_exported(path, speaker.like)


def _load(files: Sequence[ModelFiles]) -> Models:
    return {one.name: PocketModel(one) for one in files}


def _listened(name: str, samples: Chunk, models: Models) -> Prompt:
    return models[name].listen(samples)


def _at_speed(chunks: Iterator[Chunk], speed: float) -> Iterator[Chunk]:
    tempo = Tempo(RATE, speed)
    for chunk in chunks:
        yield tempo.feed(chunk)
    yield tempo.finish()


def _revision(settings: PocketSettings, files: Iterable[ModelFiles]) -> str:
    parts = [version("pocket-tts"), str(settings.reference_s)]
    parts += [f"{one.name} {one.identity}" for one in files]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _nobody(share: float) -> None:
    pass
