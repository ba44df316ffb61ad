"""The tables of config.toml about other machines."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from wyoming_voiceclone.boxes.dialer import DEFAULT_PORT, address_in
from wyoming_voiceclone.boxes.neighbours import mac_in
from wyoming_voiceclone.config.table import Table
from wyoming_voiceclone.errors import ConfigError


def _placed(boxes: dict[str, str]) -> dict[str, str]:
    for place in boxes.values():
        try:
            address_in(place)
        except ConfigError as error:
            raise ValueError(str(error)) from None
    return boxes


def _waking(boxes: dict[str, str]) -> dict[str, str]:
    for name, mac in boxes.items():
        if mac_in(mac) is None:
            raise ValueError(f'{name} = "{mac}" — write {name} = "aa:bb:cc:dd:ee:ff"')
    return boxes


class BoxSettings(Table):
    """Other machines that lend their engines; being one, and using them (docs/boxes.md)."""

    port: Annotated[int, Field(ge=0, le=65535)] = DEFAULT_PORT
    """The TCP port that a box listens on for homes; 0 takes a free one."""
    name: str = ""
    """What a box is called on the LAN; "" is this machine's name."""
    wake: Literal["speech", "connection", "never"] = "speech"
    """When a box that sleeps is woken (Wake-on-LAN): when somebody is to be spoken to in a voice
    that it speaks, already when any client connects, or never."""
    static: Annotated[dict[str, str], AfterValidator(_placed)] = Field(default_factory=dict)
    """Where paired boxes are that the LAN's mDNS does not tell of, because they are in another
    network: gpu = "192.168.7.20:10201"."""
    macs: Annotated[dict[str, str], AfterValidator(_waking)] = Field(default_factory=dict)
    """Hardware addresses to wake boxes by, where they cannot be learnt while they are awake, as in
    another network: gpu = "aa:bb:cc:dd:ee:ff"."""


def _reachable(peers: dict[str, str]) -> dict[str, str]:
    for name, uri in peers.items():
        if not re.fullmatch(r"(tcp://[^/]+|unix:///.+)", uri) or "@" in name:
            raise ValueError(f'{name} = "{uri}" — write kitchen = "tcp://192.168.1.9:10200"')
    return peers


PeerUris = Annotated[dict[str, str], AfterValidator(_reachable)]
