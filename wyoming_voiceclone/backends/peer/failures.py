"""A peer's `error` as an error of ours: the other half of the servers' table of codes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from wyoming.event import Event

from wyoming_voiceclone.backends.peer.messages import UnknownState
from wyoming_voiceclone.errors import (
    BackendError,
    BackendUnavailable,
    BadRecording,
    CannotClone,
    ProtocolError,
    VoiceCloneError,
)
from wyoming_voiceclone.wire import PeerGone

KINDS: Mapping[str, type[VoiceCloneError]] = {
    "unknown-state": UnknownState,
    "backend-unavailable": BackendUnavailable,
    "unknown-voice": BackendUnavailable,
    "no-backend": BackendUnavailable,
    "server-busy": BackendUnavailable,
    "server-stopping": BackendUnavailable,
    "cannot-clone": CannotClone,
    "bad-recording": BadRecording,
}
"""Every other code is a BackendError."""


def error_of(event: Event, name: str) -> VoiceCloneError:
    """What an `error` event says; `name` is the peer's."""
    text, code = event.data.get("text"), event.data.get("code")
    message = text if isinstance(text, str) and text else "it does not say why"
    kind = KINDS.get(code, BackendError) if isinstance(code, str) else BackendError
    return kind(f"{name}: {message:.500}")


@contextmanager
def wire_faults(name: str) -> Iterator[None]:
    """Whatever goes wrong on the way to the peer `name` is a BackendError."""
    try:
        yield
    except PeerGone as error:
        raise BackendError(f"{name}: broke off ({error})") from error
    except ProtocolError as error:
        raise BackendError(f"{name}: does not keep to the protocol ({error})") from error
    except TimeoutError as error:
        raise BackendError(f"{name}: said nothing for too long") from error


@contextmanager
def before_the_first_chunk() -> Iterator[None]:
    """Nothing was heard yet: another backend may be asked instead."""
    try:
        yield
    except (BackendUnavailable, CannotClone):
        raise
    except BackendError as error:
        raise BackendUnavailable(str(error)) from error
