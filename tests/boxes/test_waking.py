"""Boxes are woken by real packets on the loopback, and their addresses learnt from real tables."""

import asyncio
import json
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.magic import Route, magic_packet, routes, send
from wyoming_voiceclone.boxes.neighbours import in_arp, in_neighbours, mac_in, neighbour
from wyoming_voiceclone.boxes.waking import MacBook, Waker, Way

MAC = "aa:bb:cc:00:11:22"
PLACE = Address("127.0.0.1", 10201)


@dataclass
class Sleeping:
    name: str = "gpu"
    box_id: str = "0123456789abcdef"
    address: Address | None = None
    place: Address | None = PLACE


@pytest.fixture
def card() -> Iterator[socket.socket]:
    """A network card that hears everything sent to its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("", 0))
        heard.setblocking(False)
        yield heard


@pytest.fixture
def way(card: socket.socket) -> Way:
    port = card.getsockname()[1]
    return Way(lambda last: [Route("127.255.255.255"), Route(last or "")], [port], (0, 0.02, 0.04))


def heard(card: socket.socket) -> list[bytes]:
    packets = []
    while True:
        try:
            packets.append(card.recv(2000))
        except BlockingIOError:
            return packets


async def hears(card: socket.socket, number: int) -> list[bytes]:
    """What it heard, once it is so much."""
    packets: list[bytes] = []
    async with asyncio.timeout(5):
        while len(packets) < number:
            await asyncio.sleep(0.01)
            packets += heard(card)
    return packets


def test_a_magic_packet_is_as_network_cards_expect_it() -> None:
    packet = magic_packet(MAC)
    assert len(packet) == 102
    assert packet == b"\xff" * 6 + b"\xaa\xbb\xcc\x00\x11\x22" * 16


async def test_a_box_that_is_wanted_hears_it_by_broadcast_and_where_it_was_repeatedly(
    card: socket.socket, way: Way, tmp_path: Path
) -> None:
    waker = Waker(MacBook(tmp_path), {"gpu": "AA-BB-CC-00-11-22"}, way)
    waker.wake(Sleeping())
    assert await hears(card, 6) == [magic_packet(MAC)] * 6
    await waker.aclose()


async def test_it_is_woken_once_a_minute_however_many_want_it(
    card: socket.socket, way: Way, tmp_path: Path
) -> None:
    waker = Waker(MacBook(tmp_path), {"gpu": MAC, "other": MAC}, way, again_s=0.5)
    for _ in range(100):
        waker.wake(Sleeping())
    await asyncio.sleep(0.2)
    assert len(heard(card)) == 6
    waker.wake(Sleeping("other", "f" * 16))
    await asyncio.sleep(0.2)
    assert len(heard(card)) == 6
    await asyncio.sleep(0.2)
    waker.wake(Sleeping())
    await asyncio.sleep(0.2)
    assert len(heard(card)) == 6
    await waker.aclose()


async def test_a_box_that_is_awake_or_unknown_is_not_called(
    card: socket.socket, way: Way, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    waker = Waker(MacBook(tmp_path), {"awake": MAC}, way, again_s=0)
    waker.wake(Sleeping("awake", address=PLACE))
    for _ in range(3):
        waker.wake(Sleeping("gpu"))
    await asyncio.sleep(0.1)
    assert heard(card) == []
    assert caplog.text.count("its hardware address is not known") == 1
    await waker.aclose()


async def test_closing_ends_what_is_still_to_be_sent(card: socket.socket, tmp_path: Path) -> None:
    slow = Way(lambda _: [Route("127.0.0.1")], [card.getsockname()[1]], (0, 60))
    waker = Waker(MacBook(tmp_path), {"gpu": MAC}, slow)
    waker.wake(Sleeping())
    await hears(card, 1)
    async with asyncio.timeout(1):
        await waker.aclose()


async def test_what_is_learnt_is_kept_for_us_alone_and_written_down_wins(tmp_path: Path) -> None:
    book = MacBook(tmp_path / "data")
    assert await asyncio.to_thread(book.learn, "0123456789abcdef", MAC)
    assert not await asyncio.to_thread(book.learn, "0123456789abcdef", MAC)
    file = tmp_path / "data" / "macs.json"
    assert stat.S_IMODE((await asyncio.to_thread(file.stat)).st_mode) == 0o600
    assert await Waker(book).mac(Sleeping()) == MAC
    assert await Waker(book, {"gpu": "00:11:22:33:44:55"}).mac(Sleeping()) == "00:11:22:33:44:55"
    assert await Waker(book).mac(Sleeping(box_id="other")) is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": "nonsense"}', "\0"])
def test_a_book_that_is_broken_is_written_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "macs.json").write_text(content)
    book = MacBook(tmp_path)
    assert book.read() == {}
    assert book.learn("b", MAC)
    assert json.loads((tmp_path / "macs.json").read_text()) == {"b": MAC}


ARP = """IP address       HW type     Flags       HW address            Mask     Device
192.168.7.1      0x1         0x2         02:fc:00:00:00:05     *        eth0
192.168.7.20     0x1         0x2         aa:bb:cc:00:11:22     *        eth0
192.168.7.21     0x1         0x0         00:00:00:00:00:00     *        eth0
"""
NEIGH = """fd00::7 dev eth0 lladdr aa:bb:cc:00:11:22 router REACHABLE
fe80::7 dev eth0 lladdr aa:bb:cc:00:11:22 STALE
fd00::1 dev eth0 FAILED
"""


def test_neighbours_are_read_from_the_kernels_tables() -> None:
    assert in_arp(ARP, "192.168.7.20") == MAC
    assert in_arp(ARP, "192.168.7.2") is None
    assert in_arp(ARP, "192.168.7.21") is None, "it was asked for and did not answer"
    assert in_neighbours(NEIGH, "fd00::7") == MAC
    assert in_neighbours(NEIGH, "fe80::7") == MAC
    assert in_neighbours(NEIGH, "fd00::1") is None
    assert in_arp("", "192.168.7.20") is in_neighbours("", "fd00::7") is None


@pytest.mark.parametrize("text", ["AA-BB-CC-00-11-22", " aabbcc001122\n", "aa:bb:cc:00:11:22"])
def test_people_write_hardware_addresses_in_several_ways(text: str) -> None:
    assert mac_in(text) == MAC


@pytest.mark.parametrize("text", ["", "aa:bb", MAC + ":33", "00:00:00:00:00:00", "gg" * 6])
def test_what_is_no_machines_address_is_none(text: str) -> None:
    assert mac_in(text) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "no-such-host.invalid", ""])
async def test_who_is_not_on_the_lan_has_no_hardware_address_there(host: str) -> None:
    assert await neighbour(host) is None


async def test_a_neighbour_of_this_machine_is_known() -> None:
    table = await asyncio.to_thread(Path("/proc/net/arp").read_text)
    lines = [line.split() for line in table.splitlines()[1:]]
    for address, mac in [(one[0], mac_in(one[3])) for one in lines][:1]:
        assert await neighbour(address) == mac


async def test_a_box_that_is_awake_is_looked_up_until_it_is_known(tmp_path: Path) -> None:
    boxes = [Sleeping(address=PLACE), Sleeping("asleep", "a")]
    waker = Waker(MacBook(tmp_path))
    learning = asyncio.create_task(waker.learn(lambda: boxes))
    await asyncio.sleep(0.1)
    learning.cancel()
    await asyncio.gather(learning, return_exceptions=True)
    assert await waker.mac(boxes[0]) is None, "the loopback has no hardware address"


def test_every_network_of_ours_is_told_and_the_last_address() -> None:
    found = routes("192.0.2.77")
    assert found[0] == Route("192.0.2.77")
    for one in found[1:]:
        assert one.to.endswith(".255") or "%" in one.to or one.out


def test_a_way_that_does_not_exist_harms_nobody() -> None:
    ways = [Route("192.0.2.1", "203.0.113.5"), Route("ff02::1%nosuch0"), Route("fe80::1%99999")]
    assert send(magic_packet(MAC), ways) == 0
    assert send(magic_packet(MAC), []) == 0
