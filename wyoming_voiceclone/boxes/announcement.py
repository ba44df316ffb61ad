"""What a box tells everybody on the LAN about itself, by mDNS. Nothing of it is believed."""

import re

from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.messages import Offer
from wyoming_voiceclone.discovery import Announced

BOX = "_voiceclone._tcp.local."
"""Not Home Assistant's kind: it would offer every box as a second integration."""
_ID = re.compile(r"[0-9a-f]{16}")
_LONGEST = 200
"""Bytes of the engines' names: one string of a TXT record has 255 (RFC 6763 6.1)."""


def properties(box_id: str, offer: Offer, busy: int) -> dict[str, str]:
    """The TXT record."""
    engines = ",".join(one.engine for one in offer.engines)
    return {
        "id": box_id,
        "version": offer.version,
        "engines": engines[:_LONGEST],
        "load": str(busy),
    }


def id_of(service: Announced) -> str | None:
    """Which box says that it is this; None for what says nothing usable."""
    box_id = service.properties.get("id", "")
    return box_id if _ID.fullmatch(box_id) else None


def addresses_of(service: Announced) -> tuple[Address, ...]:
    return tuple(Address(host, service.port) for host in service.addresses)
