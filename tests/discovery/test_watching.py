"""Services come, change their address and go; whoever watches is told each time."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wyoming_voiceclone.discovery import Advertiser, Announced, watch_services
from wyoming_voiceclone.discovery.addresses import Interface

LOOPBACK = ("127.0.0.1",)
TYPE = f"_vc-{secrets.token_hex(3)}._tcp.local."


class Told:
    def __init__(self) -> None:
        self.services: dict[str, Announced | None] = {}
        self._news = asyncio.Event()

    def __call__(self, name: str, service: Announced | None) -> None:
        self.services[name] = service
        self._news.set()

    async def until(self, name: str, wanted: object) -> None:
        """Wait until what `_about` tells of the service is `wanted`."""
        async with asyncio.timeout(10):
            while name not in self.services or _about(self.services[name]) != wanted:
                self._news.clear()
                await self._news.wait()


def _about(service: Announced | None) -> object:
    # the newest address is the first; mDNS lets old ones expire a second later
    return service and (service.addresses[0], service.properties.get("load"))


@asynccontextmanager
async def watched() -> AsyncIterator[Told]:
    told = Told()
    watching = asyncio.create_task(watch_services(TYPE, told, interval_s=0.1, through=LOOPBACK))
    try:
        yield told
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def test_who_watches_is_told_of_joining_of_changes_and_of_leaving() -> None:
    there = [Interface("eth0", "192.0.2.5")]
    box = Advertiser(
        "gpu",
        ["0.0.0.0"],  # noqa: S104 -- announced, not bound
        10_201,
        host_id=secrets.token_hex(4),
        service_type=TYPE,
        properties={"load": "0"},
        interval_s=0.05,
        interfaces=lambda: list(there),
        through=LOOPBACK,
    )
    async with watched() as told:
        async with box:
            await told.until("gpu", ("192.0.2.5", "0"))
            there[:] = [Interface("eth0", "192.0.2.77")]
            await told.until("gpu", ("192.0.2.77", "0"))
            box.tell({"load": "2"})
            await told.until("gpu", ("192.0.2.77", "2"))
        await told.until("gpu", None)


async def test_who_begins_to_watch_later_is_told_all_the_same() -> None:
    async with Advertiser(
        "attic", LOOPBACK, 10_201, host_id="0000cccc", service_type=TYPE, through=LOOPBACK
    ):
        await asyncio.sleep(1)
        async with watched() as told:
            await told.until("attic", ("127.0.0.1", None))
