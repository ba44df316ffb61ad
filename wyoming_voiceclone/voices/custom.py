"""Custom voices: `custom:` and a number, an hour in memory, never written down."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from wyoming_voiceclone.errors import BadRequest, UnknownVoice
from wyoming_voiceclone.voices.reference import Reference
from wyoming_voiceclone.voices.speaker_file import SpeakerFile
from wyoming_voiceclone.voices.speaker_state import SpeakerState, state_key

PREFIX = "custom:"
LIFETIME_S = 3_600.0
_LEAST_BYTES = 4_096
"""Even of a voice, or a tensor, with nothing in it: rounded up."""


@dataclass(slots=True)
class CustomVoice:
    """A reference, or states that engines computed from one elsewhere; by engine."""

    name: str
    until: float
    reference: Reference | None = None
    states: dict[str, SpeakerFile] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Of memory, with everything that engines learnt."""
        states = sum(_size(file.state) for file in self.states.values())
        if (reference := self.reference) is None:
            return _LEAST_BYTES + states
        return _LEAST_BYTES + reference.samples.nbytes + len(reference.transcript) + states


class CustomVoices:
    """Those of the last hour, within `limit_bytes`: the oldest go first."""

    def __init__(
        self, limit_bytes: int = 256_000_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._clock = limit_bytes, clock
        self._voices: dict[str, CustomVoice] = {}
        self._over: list[CustomVoice] = []

    def add(self, reference: Reference) -> str:
        """Its name, which is a secret between us and who sent it. Raises BadRequest."""
        return self._add(CustomVoice(_new_name(), self._end(), reference))

    def add_state(self, file: SpeakerFile) -> str:
        """A voice from what an engine learnt, here or elsewhere. Raises BadRequest.

        The key that it comes with may be another voice's: it gets one of its own.
        """
        name, engine = _new_name(), file.origin.engine
        own = replace(file.state, key=state_key(name, engine, ""))
        states = {engine: replace(file, state=own)}
        return self._add(CustomVoice(name, self._end(), states=states))

    def keep(self, voice: CustomVoice, file: SpeakerFile) -> None:
        """Add what an engine learnt of the voice; the oldest of the others make room."""
        voice.states[file.origin.engine] = file
        self._make_room(voice)

    def get(self, name: str) -> CustomVoice:
        """Raises UnknownVoice for what never was, or is over."""
        self._sweep()
        if (voice := self._voices.get(name)) is None:
            raise UnknownVoice(f"{name[:40]}: no such voice now — send its recording again")
        return voice

    def over(self) -> list[CustomVoice]:
        """Those that ended by themselves since the last time: each is told once."""
        self._sweep()
        over, self._over = self._over, []
        return over

    def remove(self, name: str) -> None:
        self._voices.pop(name, None)

    def _add(self, voice: CustomVoice) -> str:
        if voice.bytes > self._limit:
            raise BadRequest(f"{voice.bytes / 1e6:.0f} MB are too much — send a shorter recording")
        self._sweep()
        self._voices[voice.name] = voice
        self._make_room(voice)
        return voice.name

    def _end(self) -> float:
        return self._clock() + LIFETIME_S

    def _make_room(self, newest: CustomVoice) -> None:
        others = [name for name in self._voices if name != newest.name]
        held = sum(one.bytes for one in self._voices.values())
        for name in others:
            if held <= self._limit:
                return
            self._over.append(voice := self._voices.pop(name))
            held -= voice.bytes

    def _sweep(self) -> None:
        now = self._clock()
        for name in [name for name, voice in self._voices.items() if voice.until <= now]:
            self._over.append(self._voices.pop(name))


def _new_name() -> str:
    return f"{PREFIX}{secrets.token_hex(16)}"


def _size(state: SpeakerState) -> int:
    """Also of what is no samples: a state may be all notes."""
    texts = (*state.tensors, *state.notes, *state.notes.values())
    return state.bytes + sum(map(len, texts)) + _LEAST_BYTES * len(state.tensors)
