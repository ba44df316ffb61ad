"""Speech: a stream of text in, one utterance of audio at one rate out."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from wyoming_voiceclone.audio.loudness import LoudnessBook
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends import AudioStream, Backend, Setting, SynthesisRequest
from wyoming_voiceclone.errors import NoBackend
from wyoming_voiceclone.synthesis.performance import Cue, Performance, Sentence, Silences
from wyoming_voiceclone.synthesis.script import read_script
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.text.lexicon import Lexicon
from wyoming_voiceclone.text.normalize import normalize
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.text.ssml import Break, Span
from wyoming_voiceclone.voices import Voice, language_in, named, voice_for

_LOGGER = logging.getLogger(__name__)

TOLD = 100
"""Warnings about unknown voices are given for so many different names."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice speaks when a request does not say."""

    speed: float = 1.0
    sentence_silence_s: float = 0.0
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """What holds for every utterance."""

    default_voice: str | None = None
    language: str = "en"
    """The language of a request that names neither a voice nor a language."""
    silences: Silences = field(default_factory=Silences)
    clause_chars: int = 160
    """A first sentence longer than this is cut at a clause; 0 = never."""
    manner: Manner = field(default_factory=Manner)
    manners: Mapping[str, Manner] = field(default_factory=dict)
    """By voice, instead of `manner`."""


class Speech:
    """The one verb of the servers: speak."""

    def __init__(
        self,
        backend: Backend,
        settings: SpeechSettings | None = None,
        *,
        lexicon: Lexicon | None = None,
    ) -> None:
        self._backend = backend
        self._settings = settings or SpeechSettings()
        self._lexicon = lexicon
        self._loudness = LoudnessBook()
        self._unknown: set[str] = set()

    def voices(self) -> Sequence[Voice]:
        """Every voice, the default one first."""
        voices = self._backend.capabilities().voices
        default = self._default(voices)
        return voices if default is None else (default, *(v for v in voices if v != default))

    async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:
        """Speak the stream of text; returns once the first chunk is ready.

        A stream without chunks when there is nothing to say. Raises NoBackend; after the first
        chunk the stream does.
        """
        voice = self._choose(request.voice, request.language, request.speaker)
        playback = Playback()
        return await Performance(
            self._backend,
            self._cues(request, text, voice, playback),
            playback,
            self._loudness,
            self._settings.silences,
        ).begin()

    async def _cues(
        self,
        request: UtteranceRequest,
        text: AsyncIterator[str],
        voice: Voice,
        playback: Playback,
    ) -> AsyncGenerator[Cue, None]:
        language = request.language or voice.languages[0]
        script = read_script(request, text, language, self._settings.clause_chars)
        async with aclosing(script):
            async for line in script:
                if isinstance(line, Break):
                    yield line
                elif (cue := self._sentence(request, line, voice, playback)) is not None:
                    yield cue

    def _sentence(
        self, request: UtteranceRequest, span: Span, voice: Voice, playback: Playback
    ) -> Sentence | None:
        if span.voice or span.language:
            voice = self._choose(span.voice, span.language or request.language, None)
        language = span.language or request.language or voice.languages[0]
        text = self._read(span, language)
        if not any(character.isalnum() for character in spelled(text)):
            return None
        manner = self._settings.manners.get(voice.name, self._settings.manner)
        settings = {**manner.settings, **request.settings}
        if request.speaker and "#" not in voice.name:
            settings["speaker"] = request.speaker
        return Sentence(
            SynthesisRequest(
                text,
                voice.name,
                language=language,
                speed=manner.speed * request.speed * span.speed,
                settings=settings,
                playback=playback,
            ),
            manner.sentence_silence_s,
        )

    def _read(self, span: Span, language: str) -> str:
        text = normalize(span.text, language)
        return text if self._lexicon is None else self._lexicon.apply(text, language)

    def _choose(self, name: str | None, language: str | None, speaker: str | None) -> Voice:
        """The voice asked for, else the best there is; a name nobody knows is told once."""
        voices = self._backend.capabilities().voices
        if name and (voice := named(name, voices, speaker)) is not None:
            return voice
        language = language or (language_in(name) if name else None)
        default = self._default(voices)
        if default is None:
            raise NoBackend("there is no voice at all — run `wyoming-voiceclone doctor`")
        wanted = None if language is None else voice_for(language, (default, *voices))
        chosen = wanted or default
        if name:
            self._tell_unknown(name, chosen)
        return chosen

    def _tell_unknown(self, name: str, chosen: Voice) -> None:
        told = name in self._unknown or len(self._unknown) >= TOLD
        level = logging.DEBUG if told else logging.WARNING
        self._unknown.update([] if told else [name])
        _LOGGER.log(level, "voice %r is not known here: %s speaks instead", name[:80], chosen.name)

    def _default(self, voices: Sequence[Voice]) -> Voice | None:
        name = self._settings.default_voice
        if name and (voice := named(name, voices)) is not None:
            return voice
        return voice_for(self._settings.language, voices) or next(iter(voices), None)
