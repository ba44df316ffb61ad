"""Magic packets: what a sleeping machine's network card wakes it up for."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import ifaddr

PORTS = (9, 7)
"""Discard and echo: whoever is awake does not mind."""
_EVERYBODY = "255.255.255.255"
_EVERYBODY_6 = "ff02::1"


@dataclass(frozen=True, slots=True)
class Route:
    """One way out."""

    to: str
    """An address, IPv6 with its scope where it needs one."""
    out: str = ""
    """Our own address to send it from, and so the interface; "" leaves that to the kernel."""


def magic_packet(mac: str) -> bytes:
    """Six times ff, sixteen times the hardware address."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16


def routes(last: str | None) -> list[Route]:
    """Everybody on every network of ours, and where the machine was last. Blocks."""
    found = [Route(last)] if last else []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if isinstance(ip.ip, str):
                found += _in_network(ip.ip, ip.network_prefix)
            elif ip.ip[0].startswith("fe80:") and adapter.index:
                found.append(Route(f"{_EVERYBODY_6}%{adapter.index}"))
    return list(dict.fromkeys(found))


def _in_network(own: str, prefix: int) -> Iterator[Route]:
    network = ipaddress.ip_network(f"{own}/{prefix}", strict=False)
    if not network.is_loopback and network.num_addresses > 2:
        yield Route(str(network.broadcast_address), own)
        yield Route(_EVERYBODY, own)  # some cards and bridges know only this one


def send(packet: bytes, ways: Sequence[Route], ports: Sequence[int] = PORTS) -> int:
    """By each way to each port; how many of them left. Blocks, for a moment."""
    return sum(_sent(packet, way, port) for way in ways for port in ports)


def _sent(packet: bytes, way: Route, port: int) -> bool:
    family = socket.AF_INET6 if ":" in way.to else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        if family == socket.AF_INET:
            out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if way.out:
            out.bind((way.out, 0))
        host, _, scope = way.to.partition("%")
        place = (host, port) if family == socket.AF_INET else (host, port, 0, _scope(scope))
        return out.sendto(packet, place) == len(packet)
    return False


def _scope(name: str) -> int:
    """Raises OSError where there is no such interface."""
    return int(name) if name.isdecimal() else socket.if_nametoindex(name) if name else 0
