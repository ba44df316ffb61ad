"""Our errors as a peer sees them: the one table of this wire."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wyoming.error import Error
from wyoming.event import Event

from wyoming_voiceclone.backends.peer.messages import UnknownState
from wyoming_voiceclone.errors import (
    BackendError,
    BackendUnavailable,
    BadRecording,
    BadRequest,
    CannotClone,
    NoBackend,
    ProtocolError,
    TextTooLong,
    UnknownVoice,
    VoiceCloneError,
)
from wyoming_voiceclone.wire import EventWriter, PeerGone

_LOGGER = logging.getLogger(__name__)


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
    BackendUnavailable: "backend-unavailable",
    CannotClone: "cannot-clone",
    BadRecording: "bad-recording",
    UnknownState: "unknown-state",
    ProtocolError: "protocol-error",
    VoiceCloneError: "failed",
    ServerBusy: "server-busy",
    ServerStopping: "server-stopping",
    InternalFault: "internal-error",
}


def error_event(error: VoiceCloneError) -> Event:
    code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    return Error(text=str(error), code=code).event()


@asynccontextmanager
async def telling_failures(writer: EventWriter) -> AsyncIterator[None]:
    """Whatever fails inside is told to the peer as one `error`. Raises PeerGone only."""
    try:
        yield
    except PeerGone:
        raise
    except VoiceCloneError as error:
        await writer.write(error_event(error))
    except Exception:
        _LOGGER.exception("a fault while answering a peer")
        fault = InternalFault("this failed inside the server — see its log")
        await writer.write(error_event(fault))
