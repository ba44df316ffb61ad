"""Opening a box: its door, and telling the LAN where that is."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.backends import Backend
from wyoming_voiceclone.boxes.announcement import BOX, properties
from wyoming_voiceclone.boxes.door import Door
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.discovery import Advertiser
from wyoming_voiceclone.servers.wyoming import Extension, WyomingServer

_LOGGER = logging.getLogger(__name__)

_TELL_S = 5.0
"""Between two announcements of another load: each is a packet to every machine."""
_EVERYWHERE = ("", "::")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box is, and what it is called there."""

    name: str
    host: str = "::"
    """ "::" is every address."""
    port: int = 10_201
    announced: bool = True
    through: Sequence[str] | None = None
    """Addresses to announce it from; None: its own."""


@asynccontextmanager
async def open_box(
    keyring: Keyring, server: WyomingServer, backends: Sequence[Backend], place: Place, *, gpu: bool
) -> AsyncIterator[Door]:
    """Let paired homes in to `backends`, through `server`. Raises ConfigError."""
    door = Door(keyring, server, {one.name: Extension(one) for one in backends}, gpu=gpu)
    async with AsyncExitStack() as stack:
        await door.open(None if place.host in _EVERYWHERE else place.host, place.port)
        stack.push_async_callback(door.aclose)
        where = f"[{place.host}]" if ":" in place.host else place.host
        _LOGGER.info("listening on box://%s:%d for paired homes", where, door.port)
        if not await asyncio.to_thread(keyring.homes):
            how = "wyoming-voiceclone boxes pair --home NAME"
            _LOGGER.info("no home is paired with this box — run `%s` here", how)
        if place.announced:
            await stack.enter_async_context(_announced(door, keyring, server, place))
        yield door


@asynccontextmanager
async def _announced(
    door: Door, keyring: Keyring, server: WyomingServer, place: Place
) -> AsyncIterator[None]:
    box_id = keyring.certificate.box_id
    advertiser = Advertiser(
        place.name,
        ["0.0.0.0", "::"] if place.host in _EVERYWHERE else [place.host],  # noqa: S104 -- told
        door.port,
        host_id=box_id,
        service_type=BOX,
        properties=properties(box_id, door.offer(), server.busy),
        through=place.through,
    )
    async with advertiser:
        telling = asyncio.create_task(_tell(advertiser, box_id, door, server), name="box's load")
        try:
            yield
        finally:
            await cancelled(telling)


async def _tell(advertiser: Advertiser, box_id: str, door: Door, server: WyomingServer) -> None:
    told: dict[str, str] = {}
    while True:
        await asyncio.sleep(_TELL_S)
        if (now := properties(box_id, door.offer(), server.busy)) != told:
            told = now
            advertiser.tell(now)
