"""Speech: a stream of text in, one utterance of audio at one rate out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from wyoming_voiceclone.audio.loudness import LoudnessBook
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends import AudioStream, Backend, Setting, SynthesisRequest
from wyoming_voiceclone.backends.backend import SPEEDS
from wyoming_voiceclone.synthesis.casting import Casting
from wyoming_voiceclone.synthesis.performance import Cue, Performance, Sentence, Silences
from wyoming_voiceclone.synthesis.repertoire import LANGUAGE_MARK
from wyoming_voiceclone.synthesis.script import read_script
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.text.detection import LanguageGuess
from wyoming_voiceclone.text.lexicon import Lexicon
from wyoming_voiceclone.text.normalize import normalize
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.text.ssml import Break, Span
from wyoming_voiceclone.voices import Voice


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

    def manner_of(self, voice: Voice) -> Manner:
        person = voice.name.partition(LANGUAGE_MARK)[0]
        return self.manners.get(voice.name) or self.manners.get(person) or self.manner


@dataclass(frozen=True, slots=True)
class _Order:
    """One utterance that was asked for."""

    request: UtteranceRequest
    voice: Voice
    playback: Playback


class Speech:
    """The one verb of the servers: speak."""

    def __init__(
        self,
        backend: Backend,
        settings: SpeechSettings | None = None,
        *,
        lexicon: Lexicon | None = None,
        loudness: LoudnessBook | None = None,
        called: Callable[[str], str] = str,
        spoken: Callable[[str], Sequence[str]] = lambda _: (),
        unlisted: Callable[[str], Voice | None] = lambda _: None,
    ) -> None:
        """`called` gives a voice's name for what clients call it besides: roles, aliases.

        `spoken` gives the languages to choose from by the text, for voices that change theirs.
        `unlisted` gives a voice that is in no list, for whoever knows its name. `loudness` is
        shared with the backend, where that matches one voice to another.
        """
        self._spoken = spoken
        self._backend = backend
        self._settings = settings or SpeechSettings()
        self._casting = Casting(
            backend, self._settings.default_voice, self._settings.language, called, unlisted
        )
        self._lexicon = lexicon
        self._loudness = loudness or LoudnessBook()

    def voices(self) -> Sequence[Voice]:
        """Every voice, the default one first."""
        return self._casting.voices()

    async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:
        """Speak the stream of text; returns once the first chunk is ready.

        A stream without chunks when there is nothing to say. Raises NoBackend, BadRequest; after
        the first chunk the stream does.
        """
        voice = self._casting.choose(request.voice, request.language, request.speaker)
        order = _Order(request, voice, Playback())
        performance = Performance(
            self._backend,
            self._cues(order, text),
            order.playback,
            self._loudness,
            self._settings.silences,
        )
        return await performance.begin()

    async def _cues(self, order: _Order, text: AsyncIterator[str]) -> AsyncGenerator[Cue, None]:
        guess = LanguageGuess(self._spoken(order.voice.name) or order.voice.languages[:1])
        language = order.request.language or order.voice.languages[0]
        script = read_script(order.request, text, language, self._settings.clause_chars)
        spoken = False
        async with aclosing(script):
            async for line in script:
                if isinstance(line, Break):
                    yield line
                    continue
                asked = line.language or order.request.language
                voice = order.voice
                if line.voice or line.language:
                    voice = self._casting.choose(line.voice, asked)
                elif asked is None:
                    asked = await guess.of(line.text)
                if cue := self._sentence(order, line, voice, asked, follows=spoken):
                    spoken = True
                    yield cue
                else:
                    await asyncio.sleep(0)  # nor do sentences without a word hold anybody up

    def _sentence(
        self, order: _Order, span: Span, voice: Voice, language: str | None, *, follows: bool
    ) -> Sentence | None:
        """None when there is nothing to say."""
        language = language or voice.languages[0]
        text = self._read(span, language, follows=follows)
        if not any(character.isalnum() for character in spelled(text)):
            return None
        manner = self._settings.manner_of(voice)
        request = SynthesisRequest(
            text,
            voice.name,
            language=language,
            speed=_possible(manner.speed * order.request.speed * span.speed),
            settings={
                **manner.settings,
                **_speaker(order.request, voice),
                **order.request.settings,
            },
            playback=order.playback,
        )
        silence_s = order.request.sentence_silence_s
        return Sentence(request, manner.sentence_silence_s if silence_s is None else silence_s)

    def _read(self, span: Span, language: str, *, follows: bool) -> str:
        """What to say; emoji alone are read only where nothing was said before them."""
        text = normalize(span.text, language, emoji_alone=not follows)
        return text if self._lexicon is None else self._lexicon.apply(text, language)


def _possible(speed: float) -> float:
    """Voice, request and markup may each ask for more; together they may not."""
    return min(SPEEDS[1], max(SPEEDS[0], speed))


def _speaker(request: UtteranceRequest, voice: Voice) -> dict[str, Setting]:
    """The speaker asked for, where the voice's name does not tell it already."""
    return {"speaker": request.speaker} if request.speaker and "#" not in voice.name else {}
