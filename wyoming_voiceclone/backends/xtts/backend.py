"""XttsBackend: speaks as anybody, and as the model's own 58 voices."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version

import torch

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import (
    SPEEDS,
    AudioStream,
    Capabilities,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.backends.faults import DeviceFaults
from wyoming_voiceclone.backends.instances import Instance, Instances, shared
from wyoming_voiceclone.backends.sampling import seeded
from wyoming_voiceclone.backends.weights import FetchedWeights
from wyoming_voiceclone.backends.xtts import RATE
from wyoming_voiceclone.backends.xtts.languages import LANGUAGES, language_of
from wyoming_voiceclone.backends.xtts.library import load_model
from wyoming_voiceclone.backends.xtts.listening import heard
from wyoming_voiceclone.backends.xtts.person import Person, studio
from wyoming_voiceclone.backends.xtts.seat import Saying, Seat
from wyoming_voiceclone.backends.xtts.settings import XttsSettings, sampling
from wyoming_voiceclone.errors import BackendUnavailable, BadRequest
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.voices import Reference, SpeakerState, Voice, state_key
from wyoming_voiceclone.voices.speaker_state import Tensor

_VERSION = "1"
"""Of what this room does to a recording."""


class XttsBackend:
    """One model for all; each listener has a thread and what changes while it speaks."""

    name = "xtts"

    def __init__(
        self,
        settings: XttsSettings,
        weights: FetchedWeights,
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        """`broken` is called when the GPU failed in a way that only a new process gets over.

        Blocks: reads the model's own voices (8 MB). Raises BackendUnavailable.
        """
        self._settings = settings
        self._revision = f"{_VERSION}-{weights.commit[:12]}-{version('coqui-tts')}"
        self._studio = studio(weights.folder / "speakers_xtts.pth")
        voices = tuple(self._voice(name, title) for name, (title, _) in self._studio.items())
        self._capabilities = Capabilities(voices, clones=True, clone_languages=tuple(LANGUAGES))
        model = shared(partial(load_model, weights.folder, settings.device))
        guard, patience_s = DeviceFaults(self.name, broken), settings.patience_s
        seats = partial(Instances, load=lambda: Seat(model()), guard=guard)
        self._seats = seats(self.name, most=settings.listeners, patience_s=patience_s)
        # learning a voice neither waits until a sentence is over, nor does a listener wait for it
        self._learning = seats("xtts-learn")

    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def revision(self) -> str:
        """Of the weights, the library, and what is done to a recording."""
        return self._revision

    async def warm(self, voices: Sequence[str]) -> None:  # noqa: ARG002 -- all are in the model
        """Load the model."""
        await self._seats.load()

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Listen to the recording: a second or two. Raises BadRecording."""
        tell = progress or _nobody
        samples = await asyncio.to_thread(heard, reference)
        async with self._learning.borrowed() as seat:
            person = await self._learnt(seat, samples, tell)
        notes = {"language": reference.language} if reference.language else {}
        key = await asyncio.to_thread(state_key, reference, self.name, self.revision)
        return SpeakerState(key, person.tensors(), notes)

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak one sentence as the request's speaker state, or as one of its own voices."""
        saying = self._saying(request)

        def speak(seat: Seat) -> Iterator[Chunk]:
            return seeded(seat.speak(saying), request.seed, seat.device)

        return await AudioStream.begin(RATE, self._seats.speak(speak))

    async def aclose(self) -> None:
        await self._seats.aclose()
        await self._learning.aclose()

    async def _learnt(self, seat: Instance[Seat], samples: Chunk, tell: Progress) -> Person:
        """Step by step: whoever gives up waits for one of them."""
        parts, whole = await seat.run(lambda s: s.parts(samples))
        manners = []
        for number, part in enumerate(parts):
            manners.append(await seat.run(partial(Seat.manner, part=part)))
            tell((number + 1) / (len(parts) + 1))
        sound = await seat.run(lambda s: s.sound(whole))
        tell(1.0)
        return Person(torch.stack(manners).mean(dim=0), sound)

    def _saying(self, request: SynthesisRequest) -> Saying:
        person, usual = self._person(request)
        tag = request.language or (usual if language_of(usual) else "en")
        if (language := language_of(tag)) is None:
            raise BackendUnavailable(
                f"xtts does not speak {tag} — it speaks {', '.join(LANGUAGES)}"
            )
        if not SPEEDS[0] <= request.speed <= SPEEDS[1]:
            raise BadRequest(
                f"speed: {request.speed} — use a number from {SPEEDS[0]} to {SPEEDS[1]}"
            )
        return Saying(
            spelled(request.text),
            language,
            person,
            request.speed,
            sampling(self._settings, request),
            self._settings.first_tokens,
            self._settings.chunk_tokens,
        )

    def _person(self, request: SynthesisRequest) -> tuple[Mapping[str, Tensor], str]:
        """Their tensors, and the language they speak when nobody says."""
        state = request.speaker_state
        if state is not None:
            return state.tensors, state.notes.get("language", "en")
        if request.voice not in self._studio:
            raise BackendUnavailable(f"xtts has no voice {request.voice}, and no recording of it")
        return self._studio[request.voice][1], "en"

    def _voice(self, name: str, title: str) -> Voice:
        return Voice(
            name,
            tuple(LANGUAGES),
            f"{title} (XTTS v2)",
            attribution="Coqui",
            attribution_url="https://huggingface.co/coqui/XTTS-v2",
            revision=self._revision,
        )


def _nobody(share: float) -> None:
    pass
