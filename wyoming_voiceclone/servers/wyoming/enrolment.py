"""The answer to a recording of a peer: how far it is, then the speaker state."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from wyoming.event import Event

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends import Progress
from wyoming_voiceclone.backends.peer.messages import PROGRESS, read_reference, state_event
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.servers.wyoming.extension import Extension
from wyoming_voiceclone.servers.wyoming.failures import error_event, telling_failures
from wyoming_voiceclone.wire import EventWriter, PeerGone

_BETWEEN_NEWS_S = 0.1


class EnrolmentAnswer:
    """`voiceclone-progress`, now and then; at last `voiceclone-state` or `error`."""

    def __init__(self, extension: Extension, event: Event, writer: EventWriter) -> None:
        self._extension = extension
        self._event = event
        self._writer = writer

    async def give(self) -> None:
        """Enrol to the end. Raises PeerGone."""
        async with telling_failures(self._writer):
            backend = self._extension.cloning()
            reference = await asyncio.to_thread(read_reference, self._event)
            async with telling_progress(self._writer) as progress:
                state = await backend.enroll(reference, progress)
            self._extension.remember(state)
            await self._writer.write(await asyncio.to_thread(state_event, state))

    def break_off(self, error: VoiceCloneError) -> None:
        self._writer.write_last(error_event(error))


@asynccontextmanager
async def telling_progress(writer: EventWriter) -> AsyncIterator[Progress]:
    """Tell the peer, for as long as this is open, what the callback is told; from any thread."""
    news = _News(writer)
    async with meanwhile(news.tell()):
        yield news.add


class _News:
    """Tells a peer how far an enrolment is; only the latest counts."""

    def __init__(self, writer: EventWriter) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        self._share = 0.0

    def add(self, share: float) -> None:
        """From any thread."""
        self._share = share
        self._loop.call_soon_threadsafe(self._came.set)

    async def tell(self) -> None:
        with suppress(PeerGone):  # the answer finds out, too
            while True:
                await self._came.wait()
                self._came.clear()
                await self._writer.write(Event(PROGRESS, {"share": self._share}))
                await asyncio.sleep(_BETWEEN_NEWS_S)
