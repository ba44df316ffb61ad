"""Custom voices speak: from what a program sent, without a trace on the disk."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from wyoming_voiceclone.backends import CloningBackend, Progress
from wyoming_voiceclone.backends.backend import Forgetful
from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, CannotClone, UnknownVoice
from wyoming_voiceclone.synthesis.learner import Learner
from wyoming_voiceclone.synthesis.repertoire import speaks
from wyoming_voiceclone.voices import Reference, SpeakerState, Voice, engine_of, state_key
from wyoming_voiceclone.voices.custom import PREFIX, CustomVoice, CustomVoices
from wyoming_voiceclone.voices.speaker_cache import Wanted
from wyoming_voiceclone.voices.speaker_file import Origin, SpeakerFile

_TOLD_EVERY_S = 0.1
_FORGETTING_S = 5.0
"""For one engine; one that is out of reach forgets when it ends."""


class CustomSpeakers:
    """The custom voices, and what `engines` know of them."""

    def __init__(
        self,
        learner: Learner,
        engines: Callable[[], Mapping[str, CloningBackend]],
        language: str,
    ) -> None:
        """`language`: of a voice whose sender does not tell."""
        self.voices = CustomVoices()
        self._learner, self._engines, self._language = learner, engines, language

    async def add(self, reference: Reference, progress: Progress | None = None) -> str:
        """Learn a voice at once, with the first engine that can; its name.

        Raises BadRecording, BadRequest, BackendUnavailable.
        """
        name = self.voices.add(reference)
        try:
            await self._learn(name, progress)
        except BaseException:
            self.voices.remove(name)
            raise
        return name

    def add_state(self, file: SpeakerFile) -> str:
        """A voice from what an engine learnt elsewhere. Raises BadRequest, BackendUnavailable."""
        engine = file.origin.engine
        if engine not in map(engine_of, self._engines()):
            have = ", ".join(self._engines()) or "none"
            raise BackendUnavailable(f"no engine called {engine[:40]!r} clones here — have {have}")
        return self.voices.add_state(file)

    def voice(self, name: str) -> Voice | None:
        """The voice as one to speak with; None when there is no such one now."""
        try:
            custom = self.voices.get(name)
        except UnknownVoice:
            return None
        own = custom.reference.language if custom.reference else self._noted_language(custom)
        return Voice(name, (own or self._language,), cloned=True)

    def order(self, name: str) -> tuple[str, ...]:
        """The engines that may speak as it."""
        try:
            custom = self.voices.get(name)
        except UnknownVoice:
            return ()
        return tuple(
            one for one in self._engines() if custom.reference or engine_of(one) in custom.states
        )

    async def state(self, engine: CloningBackend, name: str) -> SpeakerState:
        """What the engine needs. Raises UnknownVoice, BackendUnavailable."""
        voice = self.voices.get(name)
        if (file := voice.states.get(engine_of(engine.name))) is not None:
            return file.state
        if (reference := voice.reference) is None:
            raise BackendUnavailable(f"{engine.name} did not make this state — send a recording")
        wanted = await _wanted(engine, reference)
        state = await self._learner.learnt(wanted, partial(engine.enroll, reference))
        return await self._kept(voice, wanted, state)

    async def export(self, name: str, engine: str = "") -> SpeakerFile:
        """What an engine ("": the first that knows it) knows. Raises UnknownVoice, CannotClone."""
        voice = self.voices.get(name)
        engine = engine or next(iter([*voice.states, *self.order(name)]), "")
        learners = [*self._engines().values()]
        learner = next((one for one in learners if engine in {one.name, engine_of(one.name)}), None)
        if learner is None:
            raise CannotClone(f"{engine[:40]}: no such engine clones here")
        origin = Origin("custom", engine=engine_of(engine))
        return SpeakerFile(await self.state(learner, name), origin)

    async def remove(self, name: str) -> None:
        """Also from the engines that hold on to what they spoke with. Raises UnknownVoice."""
        voice = self.voices.get(name)
        self.voices.remove(name)
        await self._forget(voice)

    async def sweep(self) -> None:
        """Have engines let go of voices whose hour is over, or that others made way for."""
        for voice in self.voices.over():
            await self._forget(voice)

    async def _forget(self, voice: CustomVoice) -> None:
        keys = [file.state.key for file in voice.states.values()]
        for engine in self._engines().values():
            if isinstance(engine, Forgetful):
                with suppress(BackendUnavailable, TimeoutError):
                    async with asyncio.timeout(_FORGETTING_S):
                        await engine.forget(keys)

    async def _learn(self, name: str, progress: Progress | None) -> None:
        voice = self.voices.get(name)
        if (reference := voice.reference) is None:
            return
        refusals: list[BackendUnavailable | BadRecording | CannotClone] = []
        for engine in self._able(reference.language):
            wanted = await _wanted(engine, reference)
            computing = asyncio.ensure_future(
                self._learner.speakers.state(wanted, partial(engine.enroll, reference))
            )
            try:
                await self._followed(computing, wanted, progress)
                await self._kept(voice, wanted, await computing)
            except (BadRecording, CannotClone, BackendUnavailable) as error:
                refusals.append(error)
            except asyncio.CancelledError:  # whoever brought it is gone
                await self._learner.speakers.forget([wanted.key])
                raise
            else:
                return
        heard = [error for error in refusals if isinstance(error, BadRecording)]
        raise next(iter([*heard, *refusals]), BackendUnavailable("no engine clones here"))

    def _able(self, language: str | None) -> Sequence[CloningBackend]:
        engines = self._engines().values()
        wanted = language or self._language
        able = [one for one in engines if speaks(wanted, one.capabilities().clone_languages)]
        return able or [*engines]

    async def _followed(
        self, computing: asyncio.Future[SpeakerState], wanted: Wanted, progress: Progress | None
    ) -> None:
        try:
            while not (await asyncio.wait([computing], timeout=_TOLD_EVERY_S))[0]:
                if progress and (share := self._learner.speakers.share(wanted.key)) is not None:
                    progress(share)
        finally:
            computing.cancel()  # of no effect once it is done

    async def _kept(self, voice: CustomVoice, wanted: Wanted, state: SpeakerState) -> SpeakerState:
        """With the voice, and with it alone."""
        self.voices.keep(voice, SpeakerFile(state, wanted.origin))
        await self._learner.speakers.forget([wanted.key])
        return state

    def _noted_language(self, voice: CustomVoice) -> str | None:
        notes = [file.state.notes.get("language") for file in voice.states.values()]
        return next(filter(None, notes), None)


async def _wanted(engine: CloningBackend, reference: Reference) -> Wanted:
    digest = await asyncio.to_thread(reference.digest)
    key = state_key(digest, engine.name, engine.revision)
    return Wanted(key, Origin("custom", digest, engine_of(engine.name)), keep=False)


def is_custom(name: str) -> bool:
    return name.startswith(PREFIX)
