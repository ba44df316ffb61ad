"""Custom voices: `custom:` and a number, an hour in memory, never written down."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from wyoming_voiceclone.errors import BadRequest, UnknownVoice
from wyoming_voiceclone.voices.reference import Reference
from wyoming_voiceclone.voices.speaker_file import SpeakerFile

PREFIX = "custom:"
LIFETIME_S = 3_600.0


@dataclass(slots=True)
class CustomVoice:
    """A reference, or states that engines computed from one elsewhere; by engine."""

    name: str
    until: float
    bytes: int
    reference: Reference | None = None
    states: dict[str, SpeakerFile] = field(default_factory=dict)


class CustomVoices:
    """Those of the last hour, within `limit_bytes`: the oldest go first."""

    def __init__(
        self, limit_bytes: int = 256_000_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._clock = limit_bytes, clock
        self._voices: dict[str, CustomVoice] = {}

    def add(self, reference: Reference) -> str:
        """Its name, which is a secret between us and who sent it. Raises BadRequest."""
        return self._add(CustomVoice("", 0.0, reference.samples.nbytes, reference))

    def add_state(self, file: SpeakerFile) -> str:
        """A voice from what an engine learnt, here or elsewhere. Raises BadRequest."""
        return self._add(CustomVoice("", 0.0, file.state.bytes, states={file.origin.engine: file}))

    def get(self, name: str) -> CustomVoice:
        """Raises UnknownVoice for what never was, or is over."""
        self._sweep()
        if (voice := self._voices.get(name)) is None:
            raise UnknownVoice(f"{name[:40]}: no such voice now — send its recording again")
        return voice

    def remove(self, name: str) -> None:
        self._voices.pop(name, None)

    def _add(self, voice: CustomVoice) -> str:
        if voice.bytes > self._limit:
            raise BadRequest(f"{voice.bytes / 1e6:.0f} MB are too much — send a shorter recording")
        self._sweep()
        voice.name = f"{PREFIX}{secrets.token_hex(16)}"
        voice.until = self._clock() + LIFETIME_S
        self._voices[voice.name] = voice
        while sum(one.bytes for one in self._voices.values()) > self._limit:
            del self._voices[next(iter(self._voices))]
        return voice.name

    def _sweep(self) -> None:
        now = self._clock()
        for name in [name for name, voice in self._voices.items() if voice.until <= now]:
            del self._voices[name]
