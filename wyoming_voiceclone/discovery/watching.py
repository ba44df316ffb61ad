"""Watching: services of one kind as they come, change and go, for as long as somebody looks."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from zeroconf import Error, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from wyoming_voiceclone.discovery.addresses import Interface, announced, local_interfaces
from wyoming_voiceclone.discovery.browse import Announced, resolved

_LOG = logging.getLogger(__name__)

_WAITING = 256
"""Changes not looked at yet; a flood beyond them is dropped, and is told again by mDNS."""
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- asked from, not bound

_Change = tuple[str, ServiceStateChange]
_Here = tuple[tuple[str, ...], Callable[[], tuple[str, ...]]]
"""This machine's addresses, and how to ask for them again; that blocks."""
Told = Callable[[str, Announced | None], None]
"""Given the instance's name, and how it is now; None when it said goodbye or expired."""


async def watch_services(
    service_type: str,
    told: Told,
    *,
    hosts: Sequence[str] = _EVERYWHERE,
    interval_s: float = 20.0,
    interfaces: Callable[[], Sequence[Interface]] = local_interfaces,
    through: Sequence[str] | None = None,
) -> None:
    """Tell of every service that can be heard at `hosts`, for ever. Cancel to stop.

    `interfaces` is asked in a thread every `interval_s`: another network is looked at anew. mDNS
    goes `through` these addresses (None: this machine's own). That it fails is told once.
    """

    def own() -> tuple[str, ...]:
        return tuple(through or announced(hosts, interfaces()))

    warned = False
    while True:
        addresses = await asyncio.to_thread(own)
        try:
            if addresses:
                async with AsyncZeroconf(list(addresses)) as zeroconf:
                    await _watch(zeroconf, service_type, told, interval_s, (addresses, own))
                warned = False
                continue
        except (OSError, RuntimeError, Error) as error:
            level = logging.DEBUG if warned else logging.WARNING
            _LOG.log(level, "mDNS: cannot look for %s (%s)", service_type, error)
            warned = True
        await asyncio.sleep(interval_s)


async def _watch(
    zeroconf: AsyncZeroconf, service_type: str, told: Told, interval_s: float, here: _Here
) -> None:
    """Return when this machine has other addresses. Raises OSError."""
    changes: asyncio.Queue[_Change] = asyncio.Queue(_WAITING)

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        del zeroconf, service_type
        if not changes.full():
            changes.put_nowait((name, state_change))

    browser = AsyncServiceBrowser(zeroconf.zeroconf, service_type, handlers=[changed])
    addresses, own = here
    try:
        while addresses == await asyncio.to_thread(own):
            until = time.monotonic() + interval_s
            while (left_s := until - time.monotonic()) > 0:
                if (change := await _next(changes, left_s)) is not None:
                    await _tell(zeroconf, service_type, told, *change)
    finally:
        await browser.async_cancel()


async def _next(changes: asyncio.Queue[_Change], wait_s: float) -> _Change | None:
    try:
        async with asyncio.timeout(wait_s):
            return await changes.get()
    except TimeoutError:
        return None


async def _tell(
    zeroconf: AsyncZeroconf, service_type: str, told: Told, name: str, state: ServiceStateChange
) -> None:
    instance = name.removesuffix(f".{service_type}")
    if state is ServiceStateChange.Removed:
        told(instance, None)
    elif (service := await resolved(zeroconf, service_type, name)) is not None:
        told(instance, service)
