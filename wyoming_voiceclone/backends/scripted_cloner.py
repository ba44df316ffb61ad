"""ScriptedCloner: hears the pitch of a recording and speaks at it. For tests and examples."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Capabilities,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.backends.scripted import ScriptedBackend, tone_hz
from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, VoiceCloneError
from wyoming_voiceclone.voices import Reference, SpeakerState, Voice, state_key

NEEDS_S = 1.0
_STEPS = 4


class ScriptedCloner:
    """Learns a voice in `enroll_s`, or raises `fault`; `script` is that of a ScriptedBackend."""

    def __init__(
        self,
        name: str = "cloner",
        *,
        voices: Sequence[Voice] = (),
        languages: Sequence[str] = ("en", "de"),
        revision: str = "1",
        enroll_s: float = 0.0,
        fault: VoiceCloneError | None = None,
        **script: Any,
    ) -> None:
        self.name, self.revision = name, revision
        self.learnt: list[Reference] = []
        """Every reference, in order."""
        self.enroll_s, self.fault = enroll_s, fault
        self._voices, self._languages = tuple(voices), tuple(languages)
        self._speaker = ScriptedBackend(name, voices=voices, hz=_hz, **script)
        self._closed = False

    @property
    def spoken(self) -> list[SynthesisRequest]:
        """Every request, in order."""
        return self._speaker.spoken

    def capabilities(self) -> Capabilities:
        return Capabilities(self._voices, clones=True, clone_languages=self._languages)

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        state = request.speaker_state
        if state is not None and state.tensors.keys() != {"hz"}:
            raise BackendUnavailable(f"{self.name} has not made the state of {request.voice}")
        return await self._speaker.synthesize(request)

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Raises `fault`, and BadRecording for less than a second."""
        if self._closed:
            raise BackendUnavailable(f"{self.name} is closed")
        self.learnt.append(reference)
        if reference.seconds < NEEDS_S:
            fact = f"{reference.seconds:.1f} s, need {NEEDS_S:.0f} s"
            raise BadRecording(f"{fact} — record again, some sentences")
        for step in range(_STEPS):
            await asyncio.sleep(self.enroll_s / _STEPS)
            if progress:
                progress((step + 1) / _STEPS)
        if self.fault:
            raise self.fault
        hz = np.array([_strongest_hz(reference)], np.float32)
        return SpeakerState(state_key(reference, self.name, self.revision), {"hz": hz})

    async def aclose(self) -> None:
        self._closed = True
        await self._speaker.aclose()


def _hz(request: SynthesisRequest) -> float:
    state = request.speaker_state
    return tone_hz(request.text) if state is None else float(state.tensors["hz"][0])


def _strongest_hz(reference: Reference) -> float:
    spectrum = np.abs(np.fft.rfft(reference.samples * np.hanning(len(reference.samples))))
    return float(np.argmax(spectrum)) / reference.seconds
