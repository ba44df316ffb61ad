"""A box sleeps; whoever wants it hears somebody else meanwhile, and it is woken."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from homes import House, house, lending
from people import EMMA, STOCK, drop, said, source

from wyoming_voiceclone.backends.scripted import ADA, ScriptedBackend
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.boxes.magic import Route, magic_packet
from wyoming_voiceclone.boxes.waking import Way
from wyoming_voiceclone.config import read_settings
from wyoming_voiceclone.hosting import Engines
from wyoming_voiceclone.hosting.alarm import Alarm
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.voices.roles import Roles

MAC = "aa:bb:cc:00:11:22"


@pytest.fixture
def card() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.setblocking(False)
        yield heard


@asynccontextmanager
async def alarmed(home: House, card: socket.socket, wake: str = "speech") -> AsyncIterator[Alarm]:
    flags = {
        "boxes": {"macs": {"gpu": MAC}, "wake": wake},
        "folders": {"data": home.folder},
        "speech": {"default_voice": "emma"},
    }
    settings = await asyncio.to_thread(read_settings, flags, environment={})
    way = Way(lambda _: [Route("127.0.0.1")], [card.getsockname()[1]], [0])
    engines = Engines([ScriptedBackend("stock", voices=STOCK)], {})
    roles = Roles({"alarm": "grandma"}, home.cloned.library)
    alarm = Alarm(settings, engines, home.cloned, roles, way)
    home.boxes._missed = alarm.missed
    async with alarm.following(home.boxes):
        yield alarm


@asynccontextmanager
async def asleep(folder: Path) -> AsyncIterator[House]:
    """A home whose box was there, and has gone."""
    await asyncio.to_thread(drop, folder / "home/voices", "grandma")
    async with house(folder / "home") as home:
        async with lending(folder / "box", ScriptedCloner("csm", voices=[ADA, EMMA])) as lender:
            await home.pair(lender)
            await home.until_state("up")
            await home.until(lambda: "ada" in home.voices)
        await home.until_state("gone")
        yield home


async def called(card: socket.socket, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        with suppress(BlockingIOError):
            return card.recv(2000) == magic_packet(MAC)
        await asyncio.sleep(0.01)
    return False


async def thinking() -> AsyncIterator[str]:
    """A text whose first word takes long."""
    await asyncio.sleep(60)
    yield "never"


async def test_who_wants_it_hears_another_voice_at_once_while_it_is_woken(
    tmp_path: Path, card: socket.socket
) -> None:
    async with asleep(tmp_path) as home, alarmed(home, card):
        began = time.monotonic()
        assert await source(home.router, said("grandma")) == "stock/emma"
        assert time.monotonic() - began < 0.5
        assert await called(card, 2)
        async with lending(tmp_path / "box", ScriptedCloner("csm")) as lender:
            await home.pair(lender)  # it is at another port
            await home.until_state("up")
            assert await source(home.router, said("grandma")) == "csm@gpu/grandma"


@pytest.mark.parametrize(
    ("voice", "woken"),
    [("grandma", True), ("alarm", True), ("ada", True), ("emma", False), (None, False)],
)
async def test_it_is_woken_when_a_text_begins_before_there_is_a_word_to_say(
    tmp_path: Path, card: socket.socket, voice: str | None, *, woken: bool
) -> None:
    async with asleep(tmp_path) as home, alarmed(home, card) as alarm:
        speech = alarm.over(Speech(home.router))
        speaking = asyncio.create_task(speech.speak(UtteranceRequest(voice), thinking()))
        assert await called(card, 2 if woken else 0.3) is woken
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


async def test_a_client_that_only_connects_wakes_it_where_that_is_wanted(
    tmp_path: Path, card: socket.socket
) -> None:
    async with asleep(tmp_path) as home:
        async with alarmed(home, card) as alarm:
            alarm.connected()
            assert not await called(card, 0.3), "whoever only asks whether we are well"
        async with alarmed(home, card, "connection") as alarm:
            alarm.connected()
            assert await called(card, 2)
        alarm.connected()
        assert not await called(card, 0.2), "nobody is followed any more"


async def test_it_may_sleep_where_its_owner_says_so(tmp_path: Path, card: socket.socket) -> None:
    async with asleep(tmp_path) as home, alarmed(home, card, "never") as alarm:
        alarm.expected("grandma")
        assert await source(home.router, said("grandma")) == "stock/emma"
        assert not await called(card, 0.3)
