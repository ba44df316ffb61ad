"""The standing link, the box's side: a home is told what is offered, and that we are here."""

import asyncio
from collections.abc import Callable

from wyoming.event import Event

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.boxes.messages import BEAT_S, LOAD, Offer, offer_event
from wyoming_voiceclone.wire import EventReader, EventWriter


async def keep_told(
    reader: EventReader,
    writer: EventWriter,
    offer: Callable[[], Offer],
    busy: Callable[[], int],
) -> None:
    """Return when the home has ended it. Raises PeerGone."""
    ended = asyncio.create_task(reader.discard(), name="a home's standing link")
    told: Offer | None = None
    try:
        while not ended.done():
            if (now := offer()) != told:
                told = now
                await writer.write(offer_event(now))
            await writer.write(Event(LOAD, {"busy": busy()}))
            await asyncio.wait([ended], timeout=BEAT_S)
    finally:
        await cancelled(ended)
