"""Our errors as a peer sees them: the one table of this wire."""

from wyoming.error import Error
from wyoming.event import Event

from wyoming_voiceclone.errors import (
    BackendError,
    BadRequest,
    NoBackend,
    ProtocolError,
    TextTooLong,
    UnknownVoice,
    VoiceCloneError,
)


class ServerBusy(VoiceCloneError):
    """No connection is free."""


class ServerStopping(VoiceCloneError):
    """The program ends before the utterance does."""


class InternalFault(VoiceCloneError):
    """A fault of ours; the log has the details, the peer does not."""


CODES: dict[type, str] = {
    UnknownVoice: "unknown-voice",
    TextTooLong: "text-too-long",
    BadRequest: "bad-request",
    NoBackend: "no-backend",
    BackendError: "backend-failed",
    ProtocolError: "protocol-error",
    VoiceCloneError: "failed",
    ServerBusy: "server-busy",
    ServerStopping: "server-stopping",
    InternalFault: "internal-error",
}


def error_event(error: VoiceCloneError) -> Event:
    code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    return Error(text=str(error), code=code).event()
