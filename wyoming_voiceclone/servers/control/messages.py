"""What is asked and answered: two types of event, and `error`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from wyoming.event import Event

from wyoming_voiceclone.errors import (
    BackendUnavailable,
    BadRequest,
    ConfigError,
    ProtocolError,
    VoiceCloneError,
)
from wyoming_voiceclone.wire import Bounds

T = TypeVar("T")

CONTROL = "voiceclone-control"
ENGINES = "voiceclone-engines"
ERROR = "error"

BOUNDS = Bounds(header_bytes=4096, data_bytes=256 * 1024, payload_bytes=0, json_depth=6, event_s=5)

BOXES = "voiceclone-boxes"

Do = Literal["status", "start", "stop", "boxes"]


@dataclass(frozen=True, slots=True)
class Request:
    do: Do
    engine: str = ""
    """Which one; `status` is of all."""
    grace_s: float | None = None
    """For the sentences of an engine that is stopped; None = as long as the server thinks fit."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """How one engine is, in a running server."""

    name: str
    title: str
    state: str
    """Of a worker (`workers.State`); `here` = in the server's own process; `not installed`."""
    reason: str = ""
    """Why it is not there, and what to do."""
    pid: int | None = None
    memory_mb: float | None = None
    """Resident, of the process and those it started."""
    up_s: float | None = None
    idle_s: float | None = None
    sentences: int = 0
    crashes: int = 0
    voices: int = 0
    """Of its own."""
    learnt: int | None = None
    """Voices of the user's own that it can speak as at once; None: it does not clone."""


@dataclass(frozen=True, slots=True)
class BoxStatus:
    """How one box is, as a running home sees it."""

    name: str
    id: str
    state: str
    """`up`, `gone`, or `not paired` when it does not know our key any more."""
    reason: str = ""
    address: str = ""
    """Where it is reached, or was."""
    version: str = ""
    gpu: bool = False
    engines: tuple[str, ...] = ()
    voices: int = 0
    """Of its engines' own."""
    load: int = 0
    """Requests that it is answering now, whoever asks."""
    seen_at: float | None = None
    """When it was there last; seconds since 1970."""


_BOXES = TypeAdapter(list[BoxStatus])
_REQUEST = TypeAdapter(Request)
_ENGINES = TypeAdapter(list[EngineStatus])
_CODES: dict[str, type[VoiceCloneError]] = {
    "unavailable": BackendUnavailable,
    "bad-request": BadRequest,
    "protocol": ProtocolError,
}


def request_event(request: Request) -> Event:
    return Event(CONTROL, asdict(request))


def read_request(event: Event) -> Request:
    """Raises BadRequest."""
    if event.type != CONTROL:
        raise BadRequest(f"{event.type:.40} is not understood here — send {CONTROL}")
    try:
        return _REQUEST.validate_python(event.data)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "the request"
        raise BadRequest(f"{where}: {error.errors()[0]['msg']}") from None


def engines_event(engines: Sequence[EngineStatus]) -> Event:
    return Event(ENGINES, {"engines": [asdict(one) for one in engines]})


def read_engines(event: Event) -> list[EngineStatus]:
    """Raises what the server answered instead, or ProtocolError."""
    return _read(event, "engines", _ENGINES)


def boxes_event(boxes: Sequence[BoxStatus]) -> Event:
    return Event(BOXES, {"boxes": [asdict(one) for one in boxes]})


def read_boxes(event: Event) -> list[BoxStatus]:
    """Raises what the server answered instead, or ProtocolError."""
    return _read(event, "boxes", _BOXES)


def _read(event: Event, what: str, kind: TypeAdapter[list[T]]) -> list[T]:
    if event.type == ERROR:
        error = _CODES.get(str(event.data.get("code")), ConfigError)
        raise error(str(event.data.get("text"))[:1000])
    try:
        return kind.validate_python(event.data.get(what))
    except ValidationError:
        raise ProtocolError("the server's answer cannot be understood — restart it") from None


def error_event(error: VoiceCloneError) -> Event:
    code = next((code for code, kind in _CODES.items() if isinstance(error, kind)), "failed")
    return Event(ERROR, {"text": str(error), "code": code})
