"""Browsing: who is announced on the LAN, and whether announcing works at all."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from zeroconf import InterfaceChoice, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from wyoming_voiceclone.discovery.advertise import WYOMING, Advertiser

_PROBE = "_vc-probe._tcp.local."
_PORT = 9
"""Discard (RFC 863): a port in an announcement that nobody should connect to."""


@dataclass(frozen=True, slots=True)
class Announced:
    """One service as others see it."""

    name: str
    port: int
    addresses: tuple[str, ...]
    properties: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What it tells about itself."""


async def find(
    service_type: str = WYOMING,
    *,
    timeout_s: float = 3.0,
    until: str | None = None,
    through: Sequence[str] | None = None,
) -> tuple[Announced, ...]:
    """Everything of `service_type` that answers in time; at once when `until` was seen.

    `through`: addresses to ask from, all of this machine's by default. Raises OSError where mDNS
    cannot be used.
    """
    names: asyncio.Queue[str] = asyncio.Queue()
    found: dict[str, Announced] = {}

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        del zeroconf, service_type
        if state_change is not ServiceStateChange.Removed:
            names.put_nowait(name)

    async with AsyncZeroconf(list(through) if through else InterfaceChoice.All) as zeroconf:
        browser = AsyncServiceBrowser(zeroconf.zeroconf, service_type, handlers=[changed])
        try:
            async with asyncio.timeout(timeout_s):
                while until not in found:
                    service = await resolved(zeroconf, service_type, await names.get())
                    found |= {} if service is None else {service.name: service}
        except TimeoutError:
            pass
        finally:
            await browser.async_cancel()
    return tuple(sorted(found.values(), key=lambda service: service.name))


async def probe(
    hosts: Sequence[str] = ("0.0.0.0", "::"),  # noqa: S104 -- announced, not bound
    *,
    timeout_s: float = 5.0,
    through: Sequence[str] | None = None,
) -> Announced | None:
    """Announce something for a moment, and say how it is seen; None: mDNS does not work here.

    Sees this machine's own network stack, not what a switch or an access point drops.
    """
    name = f"voiceclone-{secrets.token_hex(4)}"
    advertiser = Advertiser(
        name, hosts, _PORT, host_id=secrets.token_hex(4), service_type=_PROBE, through=through
    )
    async with advertiser:
        seen: tuple[Announced, ...] = ()
        with suppress(OSError, RuntimeError):
            seen = await find(_PROBE, timeout_s=timeout_s, until=name, through=through)
    return next((service for service in seen if service.name == name), None)


async def resolved(zeroconf: AsyncZeroconf, service_type: str, name: str) -> Announced | None:
    """The service of this full name; None when it does not answer within 3 s."""
    info = await zeroconf.async_get_service_info(service_type, name)
    if info is None or info.port is None:
        return None
    instance = name.removesuffix(f".{service_type}")
    told = {key: value or "" for key, value in info.decoded_properties.items()}
    return Announced(instance, info.port, tuple(info.parsed_addresses()), told)
