"""Router: the backend over the backends, and the only place with failover."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.backends import AudioStream, Backend, Capabilities, SynthesisRequest
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest, NoBackend
from wyoming_voiceclone.synthesis.health import Health
from wyoming_voiceclone.synthesis.takeover import Joint, reached
from wyoming_voiceclone.voices import Voice, named, voice_for

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RouterLimits:
    """How long a backend may keep a listener waiting."""

    first_chunk_s: float = 8.0
    next_chunk_s: float = 4.0


class Wishes(Protocol):
    """What the owner of a voice wishes, where it is somebody's own."""

    def order(self, voice: str) -> Sequence[str]:
        """The backends that should speak as it, by preference; the others come after them."""
        ...

    def unlisted(self, voice: str) -> Sequence[str]:
        """The backends that speak as a voice that none of them lists."""
        ...

    def fallback(self, voice: str) -> str | None:
        """The voice that speaks when none of them can."""
        ...


@dataclass(frozen=True, slots=True)
class _Candidate:
    backend: Backend
    request: SynthesisRequest


class Router:
    """Speaks each sentence with the first backend, in order of preference, that can.

    First those that have the voice itself, then those with the voice that is to speak instead,
    then those with another voice of its language, which is never somebody's own. A
    backend that dies or stalls inside a sentence is followed by the next one, which goes on at the
    word that was reached, at the same rate.
    """

    name = "router"

    def __init__(
        self,
        backends: Sequence[Backend],
        limits: RouterLimits | None = None,
        wishes: Wishes | None = None,
    ) -> None:
        self._backends = tuple(backends)
        self._wishes = wishes
        self._limits = limits or RouterLimits()
        self._health = {backend.name: Health() for backend in backends}
        self._warned: set[tuple[str, str]] = set()

    def capabilities(self) -> Capabilities:
        """Every voice of every backend; of two with one name, the preferred backend's."""
        offered = [backend.capabilities() for backend in self._backends]
        voices = {voice.name: voice for each in reversed(offered) for voice in each.voices}
        ordered = dict.fromkeys(voice.name for each in offered for voice in each.voices)
        return Capabilities(
            voices=tuple(voices[name] for name in ordered),
            clones=any(each.clones for each in offered),
        )

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Raises NoBackend when nobody could begin, BadRequest when it cannot be done."""
        candidates = self._candidates(request)
        stream, candidate = await self._begin(candidates, request)
        return await AudioStream.begin(
            stream.rate,
            self._spoken(stream, candidate, candidates),
            timings=stream.timings,
            full_scale=stream.full_scale,
            source=f"{candidate.backend.name}/{candidate.request.voice}",
        )

    async def aclose(self) -> None:
        for backend in self._backends:
            await backend.aclose()

    async def _begin(
        self, candidates: Iterator[_Candidate], request: SynthesisRequest, text: str = ""
    ) -> tuple[AudioStream, _Candidate]:
        """`text` is what is left of the request's, when somebody else has begun it."""
        for each in candidates:
            left = replace(each.request, text=text) if text else each.request
            candidate = replace(each, request=left)
            if (stream := await self._try(candidate)) is not None:
                if candidate.request.voice != request.voice:
                    self._warn_once(request.voice, candidate)
                return stream, candidate
        raise NoBackend(
            f"nobody can speak as {request.voice} now — see the warnings above in the log, "
            f"or run `wyoming-voiceclone doctor`"
        )

    async def _try(self, candidate: _Candidate) -> AudioStream | None:
        name = candidate.backend.name
        try:
            async with asyncio.timeout(self._limits.first_chunk_s):
                return await candidate.backend.synthesize(candidate.request)
        except BadRequest:
            raise  # the client's to repair: nobody else would do better
        except BackendUnavailable as error:
            # a prompt refusal cost nothing: it is believed for this sentence only
            _LOGGER.info("%s: %s", name, error)
        except TimeoutError:
            _LOGGER.warning("%s: no sound within %.1f s", name, self._limits.first_chunk_s)
            self._health[name].failed()
        except Exception:
            _LOGGER.exception("%s: failed before its first sound", name)
            self._health[name].failed()
        return None

    async def _spoken(
        self, stream: AudioStream, candidate: _Candidate, candidates: Iterator[_Candidate]
    ) -> AsyncGenerator[Chunk, None]:
        """The chunks of the stream, or of whoever goes on when it breaks off."""
        rate, full_scale = stream.rate, stream.full_scale
        joint = Joint(rate)
        while True:
            samples = 0
            try:
                async with aclosing(self._watched(stream, rate, full_scale)) as chunks:
                    async for chunk in chunks:
                        samples += len(chunk)
                        if (ready := joint.feed(chunk)).size:
                            yield ready
            except Exception as error:  # noqa: BLE001 -- whatever broke, somebody else speaks on
                self._broke_off(candidate, error)
            else:
                self._health[candidate.backend.name].spoke()
                break
            heard_s = samples / rate - joint.held_s
            place = reached(
                candidate.request.text, stream.timings, heard_s, candidate.request.speed
            )
            if place is None:
                break
            stream, candidate = await self._begin(candidates, candidate.request, place.text)
            joint.cross(place.skip_s(stream.timings))
        if (rest := joint.finish()).size:
            yield rest

    async def _watched(
        self, stream: AudioStream, rate: int, full_scale: float
    ) -> AsyncGenerator[Chunk, None]:
        """The stream at this rate and scale; raises TimeoutError when its chunks stop coming."""
        resampler = Resampler(stream.rate, rate)
        gain = np.float32(full_scale / stream.full_scale)
        async with stream:
            while True:
                async with asyncio.timeout(self._limits.next_chunk_s):
                    chunk = await anext(stream, None)
                if chunk is None:
                    break
                if (converted := resampler.feed(chunk)).size:
                    yield converted * gain
        if (rest := resampler.finish()).size:
            yield rest * gain

    def _candidates(self, request: SynthesisRequest) -> Iterator[_Candidate]:
        """Whom to ask, in order; those that failed lately last."""
        found = [
            *(
                _Candidate(b, request)
                for b in self._ordered(request.voice)
                if self._has(b, request)
            ),
            *(c for b in self._backends if (c := self._fallback(b, request)) is not None),
            *(c for b in self._backends if (c := self._instead(b, request)) is not None),
        ]
        found.sort(key=lambda c: not self._health[c.backend.name].is_up)  # stable
        return iter(found)

    def _has(self, backend: Backend, request: SynthesisRequest) -> bool:
        """Whether it speaks as the voice itself; one that is in no list is the wishes' business."""
        voices = backend.capabilities().voices
        if any(voice.name == request.voice for voice in voices):
            return True
        return self._wishes is not None and backend.name in self._wishes.unlisted(request.voice)

    def _ordered(self, voice: str) -> Sequence[Backend]:
        order = self._wishes.order(voice) if self._wishes else ()
        places = {name: place for place, name in enumerate(order)}
        return sorted(self._backends, key=lambda b: places.get(b.name, len(places)))  # stable

    def _fallback(self, backend: Backend, request: SynthesisRequest) -> _Candidate | None:
        """The voice that its owner wants to hear instead, if it speaks the language."""
        name = self._wishes.fallback(request.voice) if self._wishes else None
        voice = named(name, backend.capabilities().voices) if name else None
        language = request.language or self._language_of(request.voice)
        if voice is None or (language and voice_for(language, [voice]) is None):
            return None
        return _other(backend, request, voice)

    def _instead(self, backend: Backend, request: SynthesisRequest) -> _Candidate | None:
        """Another voice of the same language."""
        language = request.language or self._language_of(request.voice)
        voices = backend.capabilities().voices
        if language is None or any(voice.name == request.voice for voice in voices):
            return None
        voice = voice_for(language, [voice for voice in voices if not voice.cloned])
        return _other(backend, request, voice) if voice else None

    def _language_of(self, name: str) -> str | None:
        voices: dict[str, Voice] = {v.name: v for v in self.capabilities().voices}
        return voices[name].languages[0] if name in voices else None

    def _broke_off(self, candidate: _Candidate, error: Exception) -> None:
        self._health[candidate.backend.name].failed()
        fact = "stalled" if isinstance(error, TimeoutError) else str(error) or repr(error)
        expected = isinstance(error, (BackendError, TimeoutError))
        _LOGGER.warning(
            "%s: broke off inside a sentence (%s)",
            candidate.backend.name,
            fact,
            exc_info=None if expected else error,
        )

    def _warn_once(self, voice: str, candidate: _Candidate) -> None:
        key = (voice, candidate.request.voice)
        level = logging.DEBUG if key in self._warned else logging.WARNING
        self._warned.add(key)
        _LOGGER.log(level, "%s cannot speak now: %s speaks instead", *key)


def _other(backend: Backend, request: SynthesisRequest, voice: Voice) -> _Candidate:
    return _Candidate(backend, replace(request, voice=voice.name, speaker_state=None, settings={}))
