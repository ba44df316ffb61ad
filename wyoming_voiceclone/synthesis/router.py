"""Router: the backend over the backends, and the only place with failover."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.backends import AudioStream, Backend, Capabilities, SynthesisRequest
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest, NoBackend
from wyoming_voiceclone.synthesis.candidates import Candidate, Choice, Wishes
from wyoming_voiceclone.synthesis.roster import Rank, Roster
from wyoming_voiceclone.synthesis.takeover import Joint, reached

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RouterLimits:
    """How long a backend may keep a listener waiting."""

    first_chunk_s: float = 8.0
    next_chunk_s: float = 4.0


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
        rank: Rank = lambda _: 0.0,
    ) -> None:
        """`rank`: the place of each, by name; of those with one place, the first is preferred."""
        self._roster = Roster(backends, rank)
        self._choice = Choice(self._roster, wishes)
        self._limits = limits or RouterLimits()
        self._warned: set[tuple[str, str]] = set()

    def capabilities(self) -> Capabilities:
        """Every voice of every backend; of two with one name, the preferred backend's."""
        return self._roster.capabilities()

    def join(self, backend: Backend) -> None:
        """It may speak from now on, in the stead of one of the same name; the router closes it."""
        self._roster.join(backend)

    def leave(self, name: str) -> Backend | None:
        """It is asked no more; what it speaks now it may end. The caller closes it."""
        return self._roster.leave(name)

    def wake(self, name: str) -> None:
        """There is news of it: it need not be left alone any longer."""
        self._roster.wake(name)

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Raises NoBackend when nobody could begin, BadRequest when it cannot be done."""
        candidates = self._candidates(request)
        stream, candidate = await self._begin(candidates, request)
        return await AudioStream.begin(
            stream.rate,
            self._spoken(stream, candidate, candidates),
            timings=stream.timings,
            full_scale=stream.full_scale,
            source=candidate.source,
        )

    async def aclose(self) -> None:
        for backend in self._roster:
            await backend.aclose()

    async def _begin(
        self, candidates: Iterator[Candidate], request: SynthesisRequest, text: str = ""
    ) -> tuple[AudioStream, Candidate]:
        """`text` is what is left of the request's, when somebody else has begun it."""
        for each in candidates:
            candidate = each.saying(text) if text else each
            if (stream := await self._try(candidate)) is not None:
                if candidate.request.voice != request.voice:
                    self._warn_once(request.voice, candidate)
                return stream, candidate
        raise NoBackend(
            f"nobody can speak as {request.voice} now — see the warnings above in the log, "
            f"or run `wyoming-voiceclone doctor`"
        )

    async def _try(self, candidate: Candidate) -> AudioStream | None:
        name = candidate.name
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
            self._roster.health(name).failed()
        except Exception:
            _LOGGER.exception("%s: failed before its first sound", name)
            self._roster.health(name).failed()
        return None

    async def _spoken(
        self, stream: AudioStream, candidate: Candidate, candidates: Iterator[Candidate]
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
                self._roster.health(candidate.name).spoke()
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

    def _candidates(self, request: SynthesisRequest) -> Iterator[Candidate]:
        """Whom to ask, in order; those that failed lately last."""
        found = self._choice.candidates(request)
        found.sort(key=lambda c: not self._roster.health(c.name).is_up)  # stable
        return iter(found)

    def _broke_off(self, candidate: Candidate, error: Exception) -> None:
        self._roster.health(candidate.name).failed()
        fact = "stalled" if isinstance(error, TimeoutError) else str(error) or repr(error)
        expected = isinstance(error, (BackendError, TimeoutError))
        _LOGGER.warning(
            "%s: broke off inside a sentence (%s)",
            candidate.name,
            fact,
            exc_info=None if expected else error,
        )

    def _warn_once(self, voice: str, candidate: Candidate) -> None:
        key = (voice, candidate.request.voice)
        level = logging.DEBUG if key in self._warned else logging.WARNING
        self._warned.add(key)
        _LOGGER.log(level, "%s cannot speak now: %s speaks instead", *key)
