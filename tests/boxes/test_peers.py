"""Other people's text-to-speech servers as backends: there while they answer, gone when not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from machines import free_port
from people import said, source

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.backends.scripted import ADA, ScriptedBackend
from wyoming_voiceclone.boxes.peers import Peers
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.voices import Voice

EMMA = Voice("emma", ("en-US",))


class Here:
    """A router that peers join."""

    def __init__(self) -> None:
        self.router = Router([ScriptedBackend("stock", voices=[EMMA])])
        self.arrivals: list[str] = []

    def join(self, backend: PeerBackend, *, gpu: bool) -> None:
        assert not gpu
        self.router.join(backend)

    def arrived(self, name: str) -> None:
        self.arrivals.append(name)

    def leave(self, name: str) -> None:
        self.router.leave(name)

    @property
    def voices(self) -> set[str]:
        return {voice.name for voice in self.router.capabilities().voices}

    async def until(self, *voices: str) -> None:
        async with asyncio.timeout(10):
            while self.voices != {*voices}:  # noqa: ASYNC110 -- capabilities tell nobody
                await asyncio.sleep(0.02)


@asynccontextmanager
async def kitchen(port: int) -> AsyncIterator[None]:
    server = WyomingServer(Speech(ScriptedBackend("piper", voices=[ADA])))
    await server.start([f"tcp://127.0.0.1:{port}"])
    try:
        yield
    finally:
        await server.aclose()


async def test_a_peer_speaks_here_while_it_is_there_and_by_itself_again_later() -> None:
    port, here = free_port(), Here()
    async with meanwhile(Peers({"kitchen": f"tcp://127.0.0.1:{port}"}, here).run()):
        async with kitchen(port):
            await here.until("emma", "ada")
            assert await source(here.router, said("ada")) == "kitchen/ada"
        # the sentence that finds it gone is spoken by somebody else, and others do not ask it
        assert await source(here.router, said("ada")) == "stock/emma"
        await here.until("emma")
        async with kitchen(port):
            await here.until("emma", "ada")
        assert here.arrivals == ["kitchen", "kitchen"]
    assert here.voices == {"emma"}


async def test_a_peer_that_is_not_there_holds_nobody_up() -> None:
    here = Here()
    peers = {"kitchen": f"tcp://127.0.0.1:{free_port()}", "hall": "unix:///nobody/here.sock"}
    async with meanwhile(Peers(peers, here).run()), asyncio.timeout(1):
        await asyncio.sleep(0.1)
        assert await source(here.router, said("emma")) == "stock/emma"


async def test_one_that_speaks_no_wyoming_is_told_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")

    async def web(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    here, server = Here(), await asyncio.start_server(web, "127.0.0.1", 0)
    uri = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, meanwhile(Peers({"kitchen": uri}, here).run()), asyncio.timeout(5):
        while "does not keep to the protocol" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert here.voices == {"emma"}
