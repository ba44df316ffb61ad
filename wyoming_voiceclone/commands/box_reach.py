"""Reaching a box from a command: wherever it may be."""

import asyncio

from wyoming_voiceclone.boxes.announcement import BOX, addresses_of, id_of
from wyoming_voiceclone.boxes.dialer import Address, Dialer, address_in
from wyoming_voiceclone.boxes.handshake import Refused
from wyoming_voiceclone.boxes.known import KnownBox
from wyoming_voiceclone.boxes.memory import BoxMemory
from wyoming_voiceclone.boxes.messages import Offer
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.discovery import Announced, find
from wyoming_voiceclone.errors import BackendUnavailable


async def seen(box_id: str) -> Announced | None:
    """The box of this id, if it tells the LAN within 3 s that it is there."""
    try:
        services = await find(BOX)
    except OSError:
        return None
    return next((one for one in services if id_of(one) == box_id), None)


async def reached(
    settings: Settings, box: KnownBox, service: Announced | None
) -> tuple[Offer, Address]:
    """What the box offers, and where it was reached. Raises Refused, BackendUnavailable."""
    met = await asyncio.to_thread(
        BoxMemory(settings.folders.cache / "boxes").recall, box.key.box_id
    )
    static = address_in(settings.boxes.static.get(box.name, ""))
    announced = addresses_of(service) if service else ()
    told = [static, box.address, *announced, met.address if met else None]
    places = list(dict.fromkeys(place for place in told if place))
    remedy = "is it on? In another network, give --address HOST"
    error = BackendUnavailable(f"{box.name}: it is not seen on this network — {remedy}")
    for place in places:
        try:
            return await _offer_at(box, place), place
        except Refused:
            raise
        except BackendUnavailable as refusal:
            error = refusal
    raise error


async def _offer_at(box: KnownBox, place: Address) -> Offer:
    dialer = Dialer(box.name, box.key, lambda: place)
    try:
        return await dialer.offer()
    finally:
        await dialer.aclose()
