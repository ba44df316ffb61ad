"""The standing link, the box's side: a home is told what is offered, and that we are here."""

import asyncio
from collections.abc import Callable

from wyoming.event import Event

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.boxes.messages import BEAT_S, LOAD, Offer, offer_event
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.wire import EventReader, EventWriter


async def keep_told(
    reader: EventReader,
    writer: EventWriter,
    offer: Callable[[], Offer],
    server: WyomingServer,
) -> None:
    """Return when the home has ended it, or the server is being stopped. Raises PeerGone."""
    ended = asyncio.create_task(reader.discard(), name="a home's standing link")
    told: Offer | None = None
    try:
        while not ended.done() and not server.is_stopping:
            if (now := offer()) != told:
                told = now
                await writer.write(offer_event(now))
            await writer.write(Event(LOAD, {"busy": server.busy}))
            await asyncio.wait([ended], timeout=BEAT_S)
    finally:
        await cancelled(ended)
