"""The one contract of everything that can speak."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.voices import Reference, SpeakerState, Voice

Setting = str | int | float | bool
"""The value of one engine setting."""
SPEEDS = (0.25, 4.0)
"""The slowest and the fastest that a backend may be asked for."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Where one word (or phoneme) lies in the audio of its sentence."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """One sentence, complete in itself."""

    text: str
    """Normalised: as it is to be read. May hold `[[phonemes|spelling]]` (see `text.phonemes`)."""
    voice: str
    """The name of one of the backend's own voices."""
    language: str | None = None
    """BCP-47; None = the voice's main language."""
    speaker_state: SpeakerState | None = None
    """Whom to speak as, for backends that clone: `voice` is then only what that person is called.

    On a wire only its key travels.
    """
    speed: float = 1.0
    """2.0 = twice as fast; within SPEEDS."""
    seed: int | None = None
    """The same seed gives the same audio."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """Settings of the engine for this request, over those of the voice."""
    playback: Playback | None = field(default=None, compare=False)
    """The listener's clock, for whoever schedules by deadline."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do, known without loading a model."""

    voices: tuple[Voice, ...]
    clones: bool = False
    """Whether it speaks as any voice that it is given a speaker state of."""
    clone_languages: tuple[str, ...] = ()
    """BCP-47 tags that it speaks in cloned voices; the main one first."""
    streams: bool = True
    """Whether the first chunk comes before the sentence is computed whole."""


class AudioStream(AsyncIterator[Chunk]):
    """One sentence (or utterance) being spoken: `rate` and its chunks.

    Whoever holds it closes it; closing stops the work behind it. A failure after the first chunk
    is raised by the iteration.
    """

    def __init__(
        self,
        rate: int,
        chunks: AsyncGenerator[Chunk, None],
        *,
        first: Chunk | None = None,
        timings: Sequence[Timing] = (),
        full_scale: float = 1.0,
        source: str = "",
        heard: Sequence[str] = (),
        replayed: bool = False,
    ) -> None:
        self.rate = rate
        self.timings = timings
        """Words, as far as the engine knows them; empty when it does not."""
        self.full_scale = full_scale
        """The peak that this voice's speech reaches as a rule: what to level against."""
        self.source = source
        """Who is heard first, `backend/voice`; the router fills it in."""
        self.heard = heard
        """Everybody who was heard until now, in order; grows when somebody else goes on."""
        self.replayed = replayed
        """Whether it was spoken before, and kept."""
        self._first = first
        self._chunks = chunks

    @classmethod
    async def begin(
        cls,
        rate: int,
        chunks: AsyncGenerator[Chunk, None],
        *,
        timings: Sequence[Timing] = (),
        full_scale: float = 1.0,
        source: str = "",
        heard: Sequence[str] = (),
        replayed: bool = False,
    ) -> Self:
        """Wait for the first chunk. Whatever `chunks` raises before it is raised here."""
        try:
            first = await anext(chunks, None)
        except BaseException:
            await chunks.aclose()
            raise
        return cls(
            rate,
            chunks,
            first=first,
            timings=timings,
            full_scale=full_scale,
            source=source,
            heard=heard,
            replayed=replayed,
        )

    async def __anext__(self) -> Chunk:
        if self._first is not None:
            chunk, self._first = self._first, None
            return chunk
        return await anext(self._chunks)

    async def aclose(self) -> None:
        self._first = None
        await self._chunks.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class Backend(Protocol):
    """Anything that can speak: an engine, a worker, a box, a service, or the router over them."""

    @property
    def name(self) -> str: ...

    def capabilities(self) -> Capabilities:
        """Cheap: from a manifest or a folder's index, never from a loaded model."""
        ...

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak one sentence; returns once the first chunk is ready.

        Raises BackendUnavailable before that; afterwards a failure is raised by the stream.
        """
        ...

    async def aclose(self) -> None:
        """Stop all work and give everything back. Safe to call twice."""
        ...


@runtime_checkable
class Warmable(Protocol):
    """A backend that can be made ready before the first request."""

    async def warm(self, voices: Sequence[str]) -> None:
        """Begin background work; load what every request needs, and these voices.

        A worker calls it with none when its process has started.
        """
        ...


@runtime_checkable
class Forgetful(Protocol):
    """A backend that keeps speaker states it was given, and can let go of them."""

    async def forget(self, keys: Collection[str]) -> None:
        """Keep none of these any more. Raises BackendUnavailable where it cannot be reached."""
        ...


Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""


class CloningBackend(Backend, Protocol):
    """A backend with `capabilities().clones`: it also learns voices."""

    @property
    def revision(self) -> str:
        """Changes when speaker states made before are of no use any more."""
        ...

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Compute what is needed to speak as the reference; seconds to minutes.

        Raises CannotClone when this engine never can, BadRecording when the reference is at
        fault, BackendUnavailable when it cannot now.
        """
        ...
