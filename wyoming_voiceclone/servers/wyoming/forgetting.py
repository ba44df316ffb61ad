"""The answer to a peer whose voices were removed: nothing of them is kept here any more."""

from wyoming.event import Event

from wyoming_voiceclone.backends.peer.messages import forget_event, read_forget
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.servers.wyoming.extension import Extension
from wyoming_voiceclone.servers.wyoming.failures import error_event, telling_failures
from wyoming_voiceclone.wire import EventWriter


class ForgettingAnswer:
    """`voiceclone-forget` with the same keys when it is done, or `error`."""

    def __init__(self, extension: Extension, event: Event, writer: EventWriter) -> None:
        self._extension, self._event, self._writer = extension, event, writer

    async def give(self) -> None:
        """Raises PeerGone."""
        async with telling_failures(self._writer):
            keys = read_forget(self._event.data)
            await self._extension.forget(keys)
            await self._writer.write(forget_event(keys))

    def break_off(self, error: VoiceCloneError) -> None:
        self._writer.write_last(error_event(error))
