"""Our extension of the protocol, served: one backend whole, for peers of this program."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from wyoming.event import Event

from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends import Backend, CloningBackend, SynthesisRequest
from wyoming_voiceclone.backends.backend import Forgetful
from wyoming_voiceclone.backends.peer.messages import (
    ENROLL,
    STATE,
    Hello,
    UnknownState,
    hello_event,
    ours,
    read_state,
)
from wyoming_voiceclone.errors import BadRequest, CannotClone
from wyoming_voiceclone.servers.wyoming.requests import text_of, utterance_request
from wyoming_voiceclone.voices import SpeakerState
from wyoming_voiceclone.wire import Bounds

_KEY_CHARS = 128
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ExtensionLimits:
    enroll_bytes: int = 64 * _MEBIBYTE
    """Of a recording: five minutes of float32 at 48 kHz."""
    state_bytes: int = 64 * _MEBIBYTE
    """Of one speaker state."""
    states_bytes: int = 512 * _MEBIBYTE
    """Of all the speaker states kept; those unused longest go first."""
    event_s: float = 60.0
    """For such a payload to arrive."""


class Extension:
    """What peers may do with `backend`, and the speaker states that they left here."""

    def __init__(self, backend: Backend, limits: ExtensionLimits | None = None) -> None:
        self.backend = backend
        self._limits = limits or ExtensionLimits()
        self._states: OrderedDict[str, SpeakerState] = OrderedDict()

    def bounds(self, plain: Bounds) -> Bounds:
        """What one event may cost here, where it may be one of ours."""
        payloads = {ENROLL: self._limits.enroll_bytes, STATE: self._limits.state_bytes}
        return replace(plain, payloads=payloads, event_s=self._limits.event_s)

    def offer(self) -> Hello:
        """What the backend has now."""
        offered = self.backend.capabilities()
        revision = self.cloning().revision if offered.clones else ""
        return Hello(self.backend.name, revision, offered)

    def hello(self) -> Event:
        return hello_event(self.offer())

    def cloning(self) -> CloningBackend:
        """The backend, as one that learns voices. Raises CannotClone."""
        if not self.backend.capabilities().clones:
            name = self.backend.name
            raise CannotClone(f"{name}: does not clone — choose an engine that does")
        return cast("CloningBackend", self.backend)  # that is what `clones` promises

    async def keep(self, event: Event) -> None:
        """Keep a speaker state that a peer sends. Raises ProtocolError."""
        self.remember(await asyncio.to_thread(read_state, event))

    def remember(self, state: SpeakerState) -> None:
        """Know a state by its key, until there is no room for it."""
        self._states[state.key] = state
        self._states.move_to_end(state.key)
        while self._held_bytes() > self._limits.states_bytes and len(self._states) > 1:
            self._states.popitem(last=False)

    async def forget(self, keys: Collection[str]) -> None:
        """Keep none of these states, here or in the backend. Raises BackendUnavailable."""
        for key in keys:
            self._states.pop(key, None)
        if isinstance(self.backend, Forgetful):
            await self.backend.forget(keys)

    def sentence(self, data: Mapping[str, Any], name_chars: int) -> SynthesisRequest:
        """Read a `synthesize` that is one sentence. Raises BadRequest, UnknownState."""
        manner, extras = utterance_request(data, name_chars), ours(data)
        if manner.voice is None:
            raise BadRequest("a sentence needs the name of a voice")
        return SynthesisRequest(
            text=text_of(data),
            voice=manner.voice,
            language=manner.language,
            speaker_state=self._state(extras.get("speaker_state")),
            speed=manner.speed,
            seed=_seed(extras.get("seed")),
            settings=manner.settings,
            playback=_playback(extras.get("ahead_s")),
        )

    def _state(self, key: Any) -> SpeakerState | None:
        if key is None:
            return None
        if not isinstance(key, str) or len(key) > _KEY_CHARS:
            raise BadRequest(f"speaker_state is no text of up to {_KEY_CHARS} characters")
        if key not in self._states:
            raise UnknownState(f"no speaker state {key[:12]} here — send voiceclone-state first")
        self._states.move_to_end(key)
        return self._states[key]

    def _held_bytes(self) -> int:
        return sum(state.bytes for state in self._states.values())


def is_sentence(data: Mapping[str, Any]) -> bool:
    """Whether a `synthesize` is one sentence for the backend, not a text for people."""
    return ours(data).get("raw") is True


def _seed(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**63:
        raise BadRequest(f"seed is {value!r:.20} — send a whole number below 2**63")
    return value


def _playback(ahead_s: Any) -> Playback:
    """The listener's clock, continued here."""
    playback = Playback()
    if type(ahead_s) in (int, float) and ahead_s >= 0:
        playback.hand_over(min(ahead_s, 3600.0))
    return playback
