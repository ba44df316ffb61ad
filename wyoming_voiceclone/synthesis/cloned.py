"""Cloned voices: an engine that learns voices speaks as everybody in the library."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeGuard

from wyoming_voiceclone.backends import (
    AudioStream,
    Backend,
    Capabilities,
    CloningBackend,
    Progress,
    Setting,
    SynthesisRequest,
)
from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, CannotClone
from wyoming_voiceclone.synthesis.customs import CustomSpeakers, is_custom
from wyoming_voiceclone.synthesis.learner import Learner
from wyoming_voiceclone.synthesis.repertoire import LANGUAGE_MARK, Part, offered, speaks
from wyoming_voiceclone.voices import SpeakerState, Voice, engine_of, state_key
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.speaker_cache import SpeakerCache, Wanted
from wyoming_voiceclone.voices.speaker_file import Origin
from wyoming_voiceclone.voices.voice_folder import ClonedVoice
from wyoming_voiceclone.voices.voice_toml import VoiceToml

_LOGGER = logging.getLogger(__name__)


class Cloning:
    """The library's voices and the engines that learn them."""

    def __init__(
        self,
        library: VoiceLibrary,
        speakers: SpeakerCache,
        *,
        patience_s: float = 3.0,
        language: str = "en",
        absent: Callable[[], Mapping[str, str]] = dict,
        rank: Callable[[str], float] = lambda _: 0.0,
    ) -> None:
        """`patience_s`: how long a listener waits while a voice is learnt, before others speak.

        `language`: the main one of voices whose owner does not tell. `absent`: the engines that
        are not installed, and what to do about it. `rank`: the place of each engine, by name;
        of those with one place, whoever came first is preferred.
        """
        self.library, self.speakers = library, speakers
        self._learner = Learner(speakers, patience_s)
        self.customs = CustomSpeakers(self._learner, lambda: self.engines, language)
        self.removed: Callable[[Collection[str]], Awaitable[None]] = _nobody
        """Told the digests of recordings that are gone, once nothing of them is kept here."""
        self.arrivals = 0
        """Grows when an engine that could not learn now can."""
        self._language, self._absent, self._rank = language, absent, rank
        self._engines: dict[str, CloningBackend] = {}
        self._known: tuple[object, object] = (None, None)
        self._parts: Mapping[str, Part] = {}
        self._told: set[tuple[str, str]] = set()

    def over(self, backend: Backend) -> Backend:
        """The backend, speaking as the library's voices too if it learns voices."""
        if not _learns(backend):
            return backend
        named = {**self._engines, backend.name: backend}
        self._engines = {name: named[name] for name in sorted(named, key=self._rank)}
        return ClonedBackend(backend, self)

    def leave(self, name: str) -> None:
        """The engine learns and speaks as nobody any more; what it learnt is kept."""
        self._engines.pop(name, None)

    def arrived(self) -> None:
        """What could not be learnt before may be tried again."""
        self.arrivals += 1

    @property
    def engines(self) -> Mapping[str, CloningBackend]:
        """Those that clone now, by name."""
        return {
            name: engine for name, engine in self._engines.items() if engine.capabilities().clones
        }

    @property
    def parts(self) -> Mapping[str, Part]:
        """Every voice on offer by its name, `grandma`, `grandma|de`; a new mapping when changed."""
        able = {name: one.capabilities().clone_languages for name, one in self.engines.items()}
        known = (self.library.voices, able)
        if known != self._known:
            self._parts = {
                part.voice.name: part for part in offered(self.library, able, self._language)
            }
            self._known = known
            self._tell_unknown_engines()
        return self._parts

    def order(self, voice: str) -> tuple[str, ...]:
        """The backends that speak as it, by preference; () where everybody is equal."""
        if is_custom(voice):
            return self.unlisted(voice)
        part = self.parts.get(voice)
        return part.engines if part else ()

    def unlisted(self, voice: str) -> tuple[str, ...]:
        """The engines that speak as a custom voice: only who made it knows its name."""
        return self.customs.order(voice) if is_custom(voice) else ()

    def fallback(self, voice: str) -> str | None:
        """The voice that speaks when none of them can."""
        part = self.parts.get(voice)
        return part.person.about.fallback if part else None

    def spoken(self, voice: str) -> tuple[str, ...]:
        """The languages that its owner wrote down: the text tells which of them is meant."""
        part = self.parts.get(voice)
        return part.person.about.languages if part and LANGUAGE_MARK not in voice else ()

    async def state(self, engine: CloningBackend, person: ClonedVoice) -> SpeakerState:
        """What the engine needs. Learning goes on when it takes longer than a listener waits.

        Raises BackendUnavailable.
        """
        wanted = wanted_state(engine, person)
        return await self._learner.learnt(wanted, partial(self.learn, engine, person))

    async def learn(
        self, engine: CloningBackend, person: ClonedVoice, progress: Progress
    ) -> SpeakerState:
        """Let the engine learn the voice, as somebody of the language it is offered in first.

        Raises CannotClone, BadRecording, BackendUnavailable.
        """
        reference = await asyncio.to_thread(person.reference)
        if await asyncio.to_thread(reference.digest) != person.digest:
            raise BackendUnavailable(f"{person.recording} has just been changed — try again")
        part = self.parts.get(person.name)
        if reference.language is None and part:
            reference = replace(reference, language=part.voice.languages[0])
        return await engine.enroll(reference, progress)

    def tell_refusal(self, wanted: Wanted, error: BadRecording | CannotClone) -> None:
        """Warn once for each recording."""
        self._learner.tell_refusal(wanted, error)

    def _tell_unknown_engines(self) -> None:
        absent = self._absent()
        have = ", ".join(name for name in self._engines if name not in absent) or "none"
        elsewhere = {engine_of(name) for name in self._engines if name != engine_of(name)}
        here = ({*self._engines} - {*absent}) | elsewhere
        for person in self.library.voices.values():
            for name in person.about.engines:
                if name not in here and (person.name, name) not in self._told:
                    self._told.add((person.name, name))
                    remedy = absent.get(name, f"have {have}")
                    _LOGGER.warning(
                        "%s: no engine called %s clones here — %s", person.name, name, remedy
                    )


class ClonedBackend:
    """`engine`, whose voices are its own and those of the library."""

    def __init__(self, engine: CloningBackend, cloning: Cloning) -> None:
        self._engine, self._cloning = engine, cloning
        self._known: tuple[object, object, str] = (None, None, "")
        self._capabilities = Capabilities(())

    @property
    def name(self) -> str:
        return self._engine.name

    def capabilities(self) -> Capabilities:
        own, parts = self._engine.capabilities(), self._cloning.parts
        known = (own, parts, self._engine.revision)
        if known != self._known:
            clones = [self._offer(part) for part in parts.values() if self.name in part.engines]
            names = {voice.name for voice in clones}
            voices = [*clones, *(voice for voice in own.voices if voice.name not in names)]
            self._capabilities, self._known = replace(own, voices=tuple(voices)), known
        return self._capabilities

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        if is_custom(request.voice):
            state = await self._cloning.customs.state(self._engine, request.voice)
            return await self._engine.synthesize(replace(request, speaker_state=state))
        part = self._cloning.parts.get(request.voice)
        if part is None or self.name not in part.engines:
            return await self._engine.synthesize(request)
        language = request.language or part.voice.languages[0]
        if not speaks(language, self._engine.capabilities().clone_languages):
            raise BackendUnavailable(f"{self.name} does not speak {language} in cloned voices")
        state = await self._cloning.state(self._engine, part.person)
        about = part.person.about
        return await self._engine.synthesize(
            replace(
                request,
                language=language,
                speaker_state=state,
                speed=request.speed * about.speed,
                settings={**self._settings(about), **request.settings},
            )
        )

    async def aclose(self) -> None:
        await self._engine.aclose()

    def _settings(self, about: VoiceToml) -> dict[str, Setting]:
        """Its own, over those of its engine wherever that runs."""
        ours = (engine_of(self.name), self.name)
        return {key: value for name in ours for key, value in about.settings.get(name, {}).items()}

    def _offer(self, part: Part) -> Voice:
        """With everything in its revision that decides how this engine sounds as it."""
        about = part.person.about
        manner = [about.speed, *sorted(self._settings(about).items())]
        revision = f"{part.voice.revision} {self._engine.revision} {manner}"
        return replace(part.voice, revision=revision)


def wanted_state(engine: CloningBackend, person: ClonedVoice) -> Wanted:
    """The key under which the engine's state of this person is kept."""
    key = state_key(person.digest, engine.name, engine.revision)
    return Wanted(key, Origin(person.name, person.digest, engine.name))


async def _nobody(_digests: Collection[str]) -> None:
    pass


def _learns(backend: Backend) -> TypeGuard[CloningBackend]:
    return callable(getattr(backend, "enroll", None))
