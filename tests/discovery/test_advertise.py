"""Advertising, as seen by another mDNS instance on loopback."""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from wyoming_voiceclone.discovery import Advertiser, Announced, find, probe
from wyoming_voiceclone.discovery.addresses import Interface, local_interfaces
from wyoming_voiceclone.errors import ConfigError

LOOPBACK = ("127.0.0.1",)
ANY_IPV4 = "0.0.0.0"  # noqa: S104 -- announced, not bound
TYPE = f"_vc-{secrets.token_hex(3)}._tcp.local."
"""Neither the real one nor that of another test run on this network."""


def advertiser(
    name: str,
    hosts: Sequence[str] = LOOPBACK,
    *,
    host_id: str = "0000aaaa",
    interfaces: Callable[[], Sequence[Interface]] = local_interfaces,
    through: Sequence[str] | None = LOOPBACK,
) -> Advertiser:
    return Advertiser(
        name,
        hosts,
        10_200,
        host_id=host_id,
        service_type=TYPE,
        properties={"version": "0.1"},
        interval_s=0.05,
        interfaces=interfaces,
        through=through,
    )


class Watcher:
    """A browser that remembers what it was told."""

    def __init__(self, zeroconf: AsyncZeroconf) -> None:
        self._zeroconf = zeroconf
        self.changes: list[tuple[str, ServiceStateChange]] = []
        self._something = asyncio.Event()

    def __call__(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        del zeroconf, service_type
        self.changes.append((name.removesuffix(f".{TYPE}"), state_change))
        self._something.set()

    async def told(self, name: str, change: ServiceStateChange) -> None:
        async with asyncio.timeout(10):
            while (name, change) not in self.changes:
                self._something.clear()
                await self._something.wait()

    async def addresses(self, name: str) -> list[str]:
        info = await self._zeroconf.async_get_service_info(TYPE, f"{name}.{TYPE}")
        return [] if info is None else sorted(info.parsed_addresses())


@asynccontextmanager
async def watching() -> AsyncIterator[Watcher]:
    async with AsyncZeroconf(list(LOOPBACK)) as zeroconf:
        watcher = Watcher(zeroconf)
        browser = AsyncServiceBrowser(zeroconf.zeroconf, TYPE, handlers=[watcher])
        try:
            yield watcher
        finally:
            await browser.async_cancel()


async def test_others_see_the_name_the_port_and_the_addresses() -> None:
    async with advertiser("ada"):
        (seen,) = await find(TYPE, until="ada", timeout_s=10, through=LOOPBACK)
    assert seen == Announced("ada", 10_200, ("127.0.0.1",))


async def test_the_host_is_unique_and_the_version_is_told() -> None:
    async with advertiser("ada"), AsyncZeroconf(list(LOOPBACK)) as zeroconf:
        info = await zeroconf.async_get_service_info(TYPE, f"ada.{TYPE}", 10_000)
    assert info is not None
    assert info.server == "voiceclone-0000aaaa.local."
    assert info.decoded_properties == {"version": "0.1"}


async def test_goodbye_is_said_at_the_end() -> None:
    async with watching() as watcher:
        async with advertiser("ada"):
            await watcher.told("ada", ServiceStateChange.Added)
        await watcher.told("ada", ServiceStateChange.Removed)


async def test_a_second_server_of_the_same_name_is_renamed_and_keeps_its_own_host(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with watching() as watcher, advertiser("ada"):
        await watcher.told("ada", ServiceStateChange.Added)
        async with advertiser("ada", host_id="0000bbbb") as second:
            await watcher.told("ada-2", ServiceStateChange.Added)
            assert second.name == "ada-2"
            assert await watcher.addresses("ada") == await watcher.addresses("ada-2")
        await watcher.told("ada-2", ServiceStateChange.Removed)
        assert ("ada", ServiceStateChange.Removed) not in watcher.changes
    assert any("own name" in record.getMessage() for record in caplog.records)


async def test_new_addresses_are_announced_without_a_goodbye() -> None:
    there = [Interface("eth0", "192.0.2.5")]
    server = advertiser("ada", [ANY_IPV4, "::"], interfaces=lambda: list(there))
    async with watching() as watcher, server:
        await watcher.told("ada", ServiceStateChange.Added)
        assert await watcher.addresses("ada") == ["192.0.2.5"]
        await _until(lambda: server.addresses == ("192.0.2.5",))
        await asyncio.sleep(1.1)  # RFC 6762 10.2: records younger than 1 s survive a new set
        there[:] = [Interface("eth0", "192.0.2.77"), Interface("eth0", "2001:db8::7")]
        await _until(lambda: server.addresses == ("192.0.2.77", "2001:db8::7"))
        await asyncio.sleep(1.2)
        assert await watcher.addresses("ada") == ["192.0.2.77", "2001:db8::7"]
        assert ("ada", ServiceStateChange.Removed) not in watcher.changes


async def test_a_second_real_address_is_announced_when_it_appears() -> None:
    there = [Interface("lo", "127.0.0.2")]
    both = ["127.0.0.1", "127.0.0.2"]
    server = advertiser("ada", both, interfaces=lambda: list(there), through=None)
    async with server, AsyncZeroconf(["127.0.0.2"]) as zeroconf:
        info = await zeroconf.async_get_service_info(TYPE, f"ada.{TYPE}", 5_000)
        assert info is not None
        there.append(Interface("lo", "127.0.0.1"))
        await _until(lambda: list(server.addresses) == both)
        (seen,) = await find(TYPE, until="ada", timeout_s=5, through=LOOPBACK)
        assert sorted(seen.addresses) == both


async def test_a_network_that_comes_later_goes_and_comes_back_is_followed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    there: list[Interface] = []
    server = advertiser("ada", [ANY_IPV4], interfaces=lambda: list(there))
    async with watching() as watcher, server:
        await asyncio.sleep(0.3)
        assert server.name is None
        there.append(Interface("eth0", "192.0.2.5"))
        await watcher.told("ada", ServiceStateChange.Added)
        await _until(lambda: server.addresses == ("192.0.2.5",))
        there.clear()
        await watcher.told("ada", ServiceStateChange.Removed)
        watcher.changes.clear()
        there.append(Interface("eth0", "192.0.2.6"))
        await watcher.told("ada", ServiceStateChange.Added)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert all("by hand" in warning.getMessage() for warning in warnings)


async def test_trouble_with_mdns_is_one_warning_and_never_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = 0

    def broken() -> Sequence[Interface]:
        nonlocal asked
        asked += 1
        raise OSError("netlink is not for you")

    async with advertiser("ada", interfaces=broken) as server:
        await _until(lambda: asked > 3)
        assert server.name is None
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "netlink is not for you" in warning.getMessage()


# zeroconf leaves the socket that it could not bind to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_port_5353_that_somebody_keeps_for_himself_is_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as selfish:
        try:
            selfish.bind(("", 5353))
        except OSError:
            pytest.skip("port 5353 is already in use on this machine")
        async with advertiser("ada"):
            await _until(lambda: len(caplog.records) >= 4)
    ours = [record for record in caplog.records if record.name.startswith("wyoming_voiceclone")]
    assert [record.levelno for record in ours] == [logging.WARNING]


async def test_closing_before_the_announcement_leaves_nothing() -> None:
    for wait_s in (0, 0.01, 0.1, 0.3):
        server = advertiser("ada")
        await server.start()
        await asyncio.sleep(wait_s)
        await server.aclose()
        await server.aclose()


@pytest.mark.parametrize("wait_s", [0, 0.1])
async def test_closing_while_the_network_goes_leaves_nothing(wait_s: float) -> None:
    there = [Interface("eth0", "192.0.2.5")]
    server = advertiser("ada", [ANY_IPV4], interfaces=lambda: list(there))
    async with server:
        await _until(lambda: bool(server.addresses))
        there.clear()
        await _until(lambda: server.name is None)
        await asyncio.sleep(wait_s)


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "ü" * 31])
def test_a_name_that_cannot_be_announced_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="discovery name"):
        advertiser(name)


async def test_the_probe_sees_its_own_announcement() -> None:
    seen = await probe(LOOPBACK, through=LOOPBACK, timeout_s=10)
    assert seen is not None
    assert seen.addresses == LOOPBACK


async def test_the_probe_says_when_nothing_can_be_announced() -> None:
    assert await probe(["203.0.113.1"], through=LOOPBACK, timeout_s=0.3) is None


async def test_the_real_addresses_of_this_machine_can_be_announced() -> None:
    if await probe(timeout_s=10) is None:
        pytest.skip("this machine has no network with multicast")


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- there is no event to wait for
            await asyncio.sleep(0.02)
