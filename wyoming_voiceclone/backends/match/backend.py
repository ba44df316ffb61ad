"""MatchBackend: speaks as anybody, a likeness, by moving a voice that this machine has anyway."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Backend,
    Capabilities,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.backends.match.auditions import VERSION, Auditions
from wyoming_voiceclone.backends.match.casting import Casting, Part, installed, speaking
from wyoming_voiceclone.backends.match.converter import Converter
from wyoming_voiceclone.backends.match.listening import listened
from wyoming_voiceclone.backends.match.settings import MatchSettings
from wyoming_voiceclone.backends.match.statistics import VoiceStatistics
from wyoming_voiceclone.backends.match.transport import Conversion, conversion
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key

T = TypeVar("T")
_PIECE_S = 0.1  # of audio converted at once, 4 ms of work: as long as one listener may hold others
_REMEMBERED = 64  # ways from one voice to another, 40 kB each
_LISTENED = 0.1  # of an enrolment is over when the recording has been listened to


class MatchBackend:
    """`base` stays its owner's to close. A state holds the person only: it serves every base."""

    name = "match"

    def __init__(self, base: Backend, settings: MatchSettings, cache: Path | None = None) -> None:
        """`cache` is a folder for the statistics of base voices; None = in memory only."""
        self._base, self._settings = base, settings
        self._learning = ThreadPoolExecutor(1, thread_name_prefix="match-learn")
        self._speaking = ThreadPoolExecutor(1, thread_name_prefix="match-speak")
        self._casting = Casting(
            base, Auditions(base, self._learning, cache), settings, self._learning
        )
        self._ways: OrderedDict[tuple[str, ...], tuple[Part, Conversion]] = OrderedDict()
        self._known: tuple[Capabilities | None, str] = (None, "")
        self._closed = False

    def capabilities(self) -> Capabilities:
        """No voices of its own; in the languages of the base."""
        tags = [tag for voice in installed(self._base) for tag in voice.languages]
        return Capabilities((), clones=True, clone_languages=tuple(dict.fromkeys(tags)))

    @property
    def revision(self) -> str:
        """Of the algorithm, its settings, and the voices that can be a base."""
        offered = self._base.capabilities()
        if offered is not self._known[0]:
            parts = [VERSION, repr(self._settings), self._base.name]
            parts += [f"{voice.name} {voice.revision}" for voice in installed(self._base)]
            self._known = offered, hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
        return self._known[1]

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Listen to the recording and choose its base; seconds, the first time.

        Raises BadRecording when there is too little speech or too much noise in it.
        """
        key = state_key(reference, self.name, self.revision)
        tell = progress or _nobody
        learnt = await self._run(self._learning, partial(listened, reference))
        tensors = learnt.tensors()
        target = VoiceStatistics.from_tensors(tensors)
        tell(_LISTENED)
        language = self._spoken_language(reference.language)
        heard = partial(_tell_from, tell, _LISTENED)
        part = await self._casting.nearest(target, language, heard)
        tell(1.0)
        return SpeakerState(key, tensors, _notes(part, target, language))

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak as the request's speaker state; begins at most 200 ms of audio after the base."""
        state = request.speaker_state
        if self._closed:
            raise BackendUnavailable("match is closed")
        if state is None:
            raise BackendUnavailable(f"match has no voice {request.voice}, and no recording of it")
        language = request.language or state.notes.get("language") or self._main_language()
        part, way = await self._way(state, language, request)
        asked = replace(
            request, voice=part.voice.name, language=language, speaker_state=None, settings={}
        )
        stream = await self._base.synthesize(asked)
        return await AudioStream.begin(
            stream.rate,
            self._converted(stream, way),
            timings=stream.timings,
            full_scale=stream.full_scale,
        )

    async def aclose(self) -> None:
        self._closed = True
        for executor in (self._learning, self._speaking):  # what waits there takes 1 s at most
            await asyncio.to_thread(executor.shutdown)

    async def _converted(self, stream: AudioStream, way: Conversion) -> AsyncGenerator[Chunk, None]:
        async with stream:
            converter = await self._run(self._speaking, partial(Converter, stream.rate, way))
            piece = round(_PIECE_S * stream.rate)
            async for chunk in stream:
                for begin in range(0, len(chunk), piece):
                    feed = partial(converter.feed, chunk[begin : begin + piece])
                    if len(ready := await self._run(self._speaking, feed)):
                        yield ready
            if len(ready := await self._run(self._speaking, converter.finish)):
                yield ready

    async def _way(
        self, state: SpeakerState, language: str, request: SynthesisRequest
    ) -> tuple[Part, Conversion]:
        strength = _strength(request, self._settings.strength)
        key = (state.key, language, str(strength), self.revision)
        if key not in self._ways:
            target = _target(state)
            part = await self._part(state, target, language)
            make = partial(conversion, part.statistics, target, strength)
            self._ways[key] = part, await self._run(self._speaking, make)
            while len(self._ways) > _REMEMBERED:
                self._ways.popitem(last=False)
        self._ways.move_to_end(key)
        return self._ways[key]

    async def _part(self, state: SpeakerState, target: VoiceStatistics, language: str) -> Part:
        learnt = state.notes.get("language", "")
        # a language without a region is that of any: no other voices are listened to for it
        if language in {learnt, learnt.split("-")[0]}:
            part = await self._casting.named(state.notes.get("base_voice", ""), learnt)
            if part is not None:
                return part
        return await self._casting.nearest(target, language)

    async def _run(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:
            raise BackendUnavailable("match is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, work)
        except RuntimeError as error:  # shut down meanwhile
            raise BackendError("match was closed while it worked") from error

    def _spoken_language(self, wanted: str | None) -> str:
        """Somebody may be heard in one language and spoken as in others."""
        if wanted and speaking(wanted, installed(self._base)):
            return wanted
        return self._main_language()

    def _main_language(self) -> str:
        languages = self.capabilities().clone_languages
        if not languages:
            raise BackendUnavailable(f"match has no base voice: {self._base.name} has none")
        return "en-US" if "en-US" in languages else languages[0]


def _strength(request: SynthesisRequest, usual: float) -> float:
    wanted = request.settings.get("strength", usual)
    if isinstance(wanted, str) or not 0 <= wanted <= 1:
        raise BadRequest(f"{request.voice}: strength {wanted!r} — use a number from 0 to 1")
    return float(wanted)


def _target(state: SpeakerState) -> VoiceStatistics:
    try:
        return VoiceStatistics.from_tensors(state.tensors)
    except ValueError as error:
        raise BackendUnavailable(
            f"match did not make this speaker state ({error}) — enrol the voice again"
        ) from error


def _notes(part: Part, target: VoiceStatistics, language: str) -> dict[str, str]:
    return {
        "language": language,
        "base_voice": part.voice.name,
        "base_revision": part.voice.revision,
        "speech_s": f"{target.speech_s:.1f}",
        "pitch_hz": f"{np.exp(target.log_f0):.0f}",
        "base_pitch_hz": f"{np.exp(part.statistics.log_f0):.0f}",
    }


def _tell_from(tell: Progress, begin: float, share: float) -> None:
    tell(begin + (1 - begin) * share)


def _nobody(share: float) -> None:
    pass
