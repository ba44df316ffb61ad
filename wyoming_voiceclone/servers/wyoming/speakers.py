"""Speakers: which voice comes out of which loudspeaker when its request names none."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


class Speakers:
    """Voices by the address, or network, of whoever asks."""

    def __init__(self, voices: Mapping[str, str]) -> None:
        """Raises ValueError for a key that is no address."""
        known = [(network_of(key), voice) for key, voice in voices.items()]
        self._voices = sorted(known, key=lambda one: -one[0].prefixlen)  # the closest one counts

    def voice(self, address: str | None) -> str | None:
        """None for an address that nobody chose a voice for, and for programs on this machine."""
        try:
            peer = ip_address((address or "").partition("%")[0])
        except ValueError:
            return None
        if isinstance(peer, IPv6Address) and peer.ipv4_mapped:  # a socket that listens on both
            peer = peer.ipv4_mapped
        return next((voice for network, voice in self._voices if peer in network), None)


def network_of(key: str) -> Network:
    """Raises ValueError."""
    try:
        return ip_network(key, strict=False)
    except ValueError:
        raise ValueError(
            f"{key!r} is no address — write 192.168.1.50, or 192.168.1.0/24 for a network"
        ) from None
