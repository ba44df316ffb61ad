"""Addresses: which of this machine's another one can reach us at."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ifaddr

_UNREACHABLE = ("docker", "br-", "veth", "virbr", "cni", "flannel", "podman", "lxc", "tun", "wg")
"""Interfaces of containers, virtual machines and tunnels: nobody on the LAN gets there, yet Home
Assistant would take such an address if it came first."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One address of one network interface."""

    name: str
    address: str


def local_interfaces() -> Sequence[Interface]:
    """Every address of this machine. Blocking, for a moment."""
    return [
        Interface(adapter.nice_name, ip.ip if isinstance(ip.ip, str) else ip.ip[0])
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]


def announced(hosts: Iterable[str], interfaces: Iterable[Interface]) -> tuple[str, ...]:
    """Where a server bound to `hosts` is reached, IPv4 first; empty while there is no network.

    `0.0.0.0` and `::` stand for all addresses of their family. Loopback only where bound to it.
    """
    there = list(interfaces)
    bound = [ipaddress.ip_address(host) for host in hosts]
    every = {host.version for host in bound if host.is_unspecified}
    found = {
        address
        for interface in there
        if (address := ipaddress.ip_address(interface.address)) in bound
        or (address.version in every and _reachable(interface, address))
    }
    routed = {address for address in found if not address.is_link_local}
    usable = routed or {address for address in found if address.version == 4}
    return tuple(str(address) for address in sorted(usable, key=lambda a: (a.version, int(a))))


def _reachable(
    interface: Interface, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> bool:
    if interface.name.startswith(_UNREACHABLE):
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)
