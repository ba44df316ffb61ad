"""Neighbours: the hardware address behind an IP address, as this machine's kernel has met it."""

import asyncio
import ipaddress
import re
import socket
from contextlib import suppress
from pathlib import Path

from wyoming_voiceclone.aio import output_of

_ARP = Path("/proc/net/arp")
_PATIENCE_S = 2.0
_MAC = re.compile(r"([0-9a-f]{2})[:-]?" * 5 + r"([0-9a-f]{2})")
_NOBODY = {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"}


def mac_in(text: str) -> str | None:
    """`AA-BB-CC-DD-EE-FF`, `aabbccddeeff` as aa:bb:cc:dd:ee:ff; None: that is no machine's."""
    found = _MAC.fullmatch(text.strip().lower())
    mac = ":".join(found.groups()) if found else ""
    return mac if mac and mac not in _NOBODY else None


async def neighbour(host: str) -> str | None:
    """Whom packets for `host` go to on the LAN; None: it is not on it, or was not met lately."""
    address = await _address(host)
    if address is None or address.is_loopback:
        return None
    if address.version == 4:
        with suppress(OSError):
            return in_arp(await asyncio.to_thread(_ARP.read_text, "ascii", "replace"), str(address))
    told = await output_of("ip", "neigh", "show", "to", str(address), limit_s=_PATIENCE_S)
    return in_neighbours(told, str(address))


def in_arp(table: str, address: str) -> str | None:
    """In what /proc/net/arp says: proc_net_arp(5)."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 4 and fields[0] == address:
            return mac_in(fields[3])
    return None


def in_neighbours(printed: str, address: str) -> str | None:
    """In what `ip neigh` prints: `fd00::7 dev eth0 lladdr aa:… router REACHABLE`."""
    for line in printed.splitlines():
        words = line.split()
        if words and words[0] == address and "lladdr" in words[:-1]:
            return mac_in(words[words.index("lladdr") + 1])
    return None


async def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host.partition("%")[0])
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
    return None
