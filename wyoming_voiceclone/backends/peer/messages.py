"""Our extension of the protocol, both directions: hello, enrolment, speaker states, sentences.

Specified in docs/protocol.md; the names of the events and codes are what peers rely on.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
from wyoming.event import Event

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.pcm import from_pcm16
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends.backend import Capabilities, SynthesisRequest, Timing
from wyoming_voiceclone.errors import BadRequest, ProtocolError
from wyoming_voiceclone.voices import Reference, SpeakerState
from wyoming_voiceclone.voices.speaker_file import SpeakerFile, dump_speaker, parse_speaker

VERSION = 1
"""Of the extension; a peer with a higher one still understands this one."""

HELLO = "voiceclone-hello"
ENROLL = "voiceclone-enroll"
PROGRESS = "voiceclone-progress"
STATE = "voiceclone-state"
FORGET = "voiceclone-forget"

OURS = "voiceclone"
"""The object that events of the plain protocol carry what is ours in."""
FLOAT32 = "float32"
"""Little-endian samples; unlike PCM they may exceed 1."""
PCM16 = "pcm16"
RATES = (4_000, 384_000)
FORGET_MOST = 1_000
"""Keys in one event."""
_KEY_CHARS = 128


class UnknownState(BadRequest):
    """The peer has no speaker state of that key: send it, and ask again."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a peer tells about itself."""

    engine: str
    revision: str
    """Of its speaker states; "" when it does not clone."""
    capabilities: Capabilities


_CAPABILITIES = TypeAdapter(Capabilities)
_TIMINGS = TypeAdapter(list[tuple[str, float, float]])


def hello_event(hello: Hello | None = None) -> Event:
    """The answer, or, without an argument, the question."""
    if hello is None:
        return Event(HELLO, {"version": VERSION})
    return Event(HELLO, {"version": VERSION, **asdict(hello)})


def read_hello(data: Mapping[str, Any]) -> Hello:
    """Raises ProtocolError."""
    try:
        offered = _CAPABILITIES.validate_python(data["capabilities"])
        return Hello(str(data["engine"]), str(data["revision"]), offered)
    except (KeyError, ValidationError) as error:
        what = f"{type(error).__name__} {error}".splitlines()[0]
        raise ProtocolError(f"the peer's hello cannot be understood: {what}") from None


def sentence_data(request: SynthesisRequest) -> dict[str, Any]:
    """The `voiceclone` object of a `synthesize` that is one sentence, complete in itself."""
    state, playback = request.speaker_state, request.playback
    ours = {
        "raw": True,
        "speed": request.speed,
        "seed": request.seed,
        "settings": dict(request.settings),
        "speaker_state": state.key if state else None,
        "ahead_s": _ahead_s(playback) if playback else None,
    }
    return {key: value for key, value in ours.items() if value not in (None, {})}


def _ahead_s(playback: Playback) -> float | None:
    """How much the listener still has to hear; None for one who waits."""
    if playback.started is None:
        return None
    return round(max(0.0, playback.dry_at - time.monotonic()), 3)


def reference_event(reference: Reference) -> Event:
    data = {
        "format": FLOAT32,
        "rate": reference.rate,
        "transcript": reference.transcript,
        "language": reference.language,
    }
    return Event(ENROLL, data, reference.samples.astype("<f4").tobytes())


def read_reference(event: Event) -> Reference:
    """Raises BadRequest."""
    return read_recording(event.data, event.payload or b"")


def read_recording(data: Mapping[str, Any], payload: bytes) -> Reference:
    """Raises BadRequest."""
    rate, language = data.get("rate"), data.get("language")
    transcript = data.get("transcript") or ""
    if type(rate) is not int or not RATES[0] <= rate <= RATES[1]:
        raise BadRequest(f"rate is {rate!r:.20} — send whole samples per second")
    if not isinstance(transcript, str) or not isinstance(language, str | None):
        raise BadRequest("transcript and language — send strings")
    samples = read_samples(payload, data.get("format"))
    if not len(samples) or not np.isfinite(samples).all():
        raise BadRequest("the recording is empty or has samples that are no numbers")
    return Reference(samples, rate, transcript, language)


def read_samples(payload: bytes, form: Any) -> Chunk:
    """Raises BadRequest for half a sample, or a format that is not ours."""
    try:
        match form:
            case "float32":
                return np.frombuffer(payload, "<f4").astype(np.float32)
            case "pcm16":
                return from_pcm16(payload)
    except ValueError as error:
        raise BadRequest(f"the samples are no {form}: {error}") from None
    raise BadRequest(f"format is {form!r:.20} — send {FLOAT32} or {PCM16}")


def state_event(state: SpeakerState) -> Event:
    """Blocks for as long as copying its tensors takes."""
    return Event(STATE, {"key": state.key}, dump_speaker(SpeakerFile(state)))


def read_state(event: Event) -> SpeakerState:
    """Raises ProtocolError. Blocks as `state_event` does."""
    try:
        state = parse_speaker(event.payload or b"").state
    except (ValueError, KeyError) as error:
        raise ProtocolError(f"a speaker state cannot be read: {error}") from None
    if event.data.get("key") != state.key:
        raise ProtocolError("a speaker state has another key than the event that brought it")
    return state


def forget_event(keys: Sequence[str]) -> Event:
    """The question, and the answer when that is done."""
    return Event(FORGET, {"keys": list(keys)})


def read_forget(data: Mapping[str, Any]) -> list[str]:
    """Raises ProtocolError."""
    keys = data.get("keys")
    if not isinstance(keys, list) or len(keys) > FORGET_MOST:
        raise ProtocolError(f"keys — send a list of up to {FORGET_MOST}")
    if not all(isinstance(key, str) and len(key) <= _KEY_CHARS for key in keys):
        raise ProtocolError(f"keys — send texts of up to {_KEY_CHARS} characters")
    return keys


def timings_data(timings: Sequence[Timing]) -> list[tuple[str, float, float]]:
    return [(timing.text, timing.start_s, timing.end_s) for timing in timings]


def read_timings(value: Any) -> list[Timing]:
    """Raises ProtocolError."""
    try:
        return [Timing(*timing) for timing in _TIMINGS.validate_python(value or [])]
    except ValidationError:
        raise ProtocolError("timings cannot be understood — [[text, start_s, end_s], …]") from None


def ours(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is ours in an event of the plain protocol; empty when nothing is."""
    value = data.get(OURS)
    return value if isinstance(value, dict) else {}
