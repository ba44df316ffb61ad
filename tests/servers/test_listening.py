"""Where the server listens, and how it stops."""

import asyncio
import os
import signal
import socket
import stat
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from wyoming.info import Describe
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.testing.home_assistant import HomeAssistant
from wyoming_voiceclone.testing.plain_speech import PlainSpeech

ENDLESS = "word " * 1000
SERVE = """
import asyncio, sys
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.testing.plain_speech import PlainSpeech

async def main():
    server = WyomingServer(PlainSpeech(ScriptedBackend(chunk_s=0.01)))
    await server.start(sys.argv[1:])
    print(*server.addresses, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def speech(**script: Any) -> PlainSpeech:
    return PlainSpeech(ScriptedBackend(**script))


@asynccontextmanager
async def serving(*uris: str) -> AsyncIterator[WyomingServer]:
    server = WyomingServer(speech())
    await server.start(uris)
    try:
        yield server
    finally:
        await server.aclose()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:  # pytest's are too long for a socket
        yield Path(name)


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def spoken(uri: str) -> bool:
    return (await HomeAssistant(uri).say("one")).ended


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("uri", ["tcp://[::]:0", "tcp://:0"])
async def test_both_families_share_a_port(uri: str) -> None:
    async with serving(uri) as server:
        ports = {address.rpartition(":")[2] for address in server.addresses}
        assert len(server.addresses) == 2
        (port,) = ports
        assert await spoken(f"tcp://127.0.0.1:{port}")
        assert await spoken(f"tcp://[::1]:{port}")


async def test_a_host_name_is_resolved() -> None:
    async with serving("tcp://localhost:0") as server:
        for address in server.addresses:
            assert await spoken(address)


async def test_several_addresses_are_served_at_once(folder: Path) -> None:
    async with serving("tcp://127.0.0.1:0", f"unix://{folder}/s", "tcp://127.0.0.2:0") as server:
        assert len(server.addresses) == 3
        for address in server.addresses:
            assert await spoken(address)
    assert server.addresses == []


async def test_a_port_in_use_is_named_with_its_remedy_and_nothing_is_left_listening() -> None:
    async with serving("tcp://127.0.0.1:0") as first:
        port = first.addresses[0].rpartition(":")[2]
        second = WyomingServer(speech())
        with pytest.raises(ConfigError, match=rf"port {port} is in use.*another port"):
            await second.start(["tcp://127.0.0.2:0", f"tcp://127.0.0.1:{port}"])
        assert second.addresses == []
        assert await spoken(first.addresses[0])


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://127.0.0.1:1", "tcp://host:port or unix:///path"),
        ("10200", "tcp://host:port or unix:///path"),
        ("tcp://127.0.0.1:99999", "65535"),
        ("tcp://127.0.0.1:x", "65535"),
        ("tcp://192.0.2.1:0", "does not have that address"),
        ("unix://relative/path", "full path"),
        ("unix:///no/such/folder/s", "another path"),
        ("unix:///tmp/" + "x" * 200, "another path"),
    ],
)
async def test_an_address_that_cannot_be_used_is_explained(uri: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        await WyomingServer(speech()).start([uri])


async def test_a_unix_socket_is_private_and_removed_at_the_end(folder: Path) -> None:
    path = folder / "s"
    async with serving(f"unix://{path}") as server:
        assert server.addresses == [f"unix://{path}"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert await spoken(server.addresses[0])
    assert is_empty(folder)


async def test_a_live_unix_socket_is_refused_and_left_alone(folder: Path) -> None:
    uri = f"unix://{folder}/s"
    async with serving(uri):
        with pytest.raises(ConfigError, match="another server is listening there"):
            await WyomingServer(speech()).start([uri])
        assert await spoken(uri)


async def test_a_file_that_is_no_socket_is_left_alone(folder: Path) -> None:
    path = folder / "letter"
    path.write_text("dear")
    with pytest.raises(ConfigError, match="no socket"):
        await WyomingServer(speech()).start([f"unix://{path}"])
    assert path.read_text() == "dear"


async def test_a_file_that_has_the_name_of_a_socket_in_the_making_is_left_alone(
    folder: Path,
) -> None:
    (folder / "s.new").write_text("dear")
    with pytest.raises(ConfigError, match=r"s\.new: there is a file that is no socket"):
        await WyomingServer(speech()).start([f"unix://{folder}/s"])
    assert (folder / "s.new").read_text() == "dear"


async def test_a_socket_that_was_left_in_the_making_is_replaced(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{folder}/s.new")
    async with serving(f"unix://{folder}/s") as server:
        assert await spoken(server.addresses[0])


async def test_a_socket_that_somebody_replaced_is_not_removed(folder: Path) -> None:
    path = folder / "s"
    async with serving(f"unix://{path}"):
        path.unlink()
        path.write_text("mine")
    assert path.read_text() == "mine"


async def test_the_same_port_can_be_taken_again_at_once() -> None:
    server = WyomingServer(speech())
    await server.start(["tcp://127.0.0.1:0"])
    (address,) = server.addresses
    async with HomeAssistant(address).connected() as line:
        await line.send(Describe())
        await line.receive()
        await server.aclose()  # first, so that the kernel keeps the port in TIME_WAIT
    async with serving(address):
        assert await spoken(address)


async def test_a_server_that_was_killed_can_be_started_again_where_it_was(folder: Path) -> None:
    uris = ["tcp://127.0.0.1:0", f"unix://{folder}/s"]
    for _ in range(2):
        process, uris = await started(uris)
        for uri in uris:
            assert await spoken(uri)
        async with HomeAssistant(uris[0]).connected() as line:
            await line.send(Synthesize(ENDLESS))
            await line.receive()
            os.kill(process.pid, signal.SIGKILL)
            await process.communicate()
            assert not (await line.hear()).ended


async def started(uris: list[str]) -> tuple[asyncio.subprocess.Process, list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, *uris, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    return process, (await process.stdout.readline()).decode().split()


async def test_closing_lets_utterances_end_and_takes_no_new_ones() -> None:
    server = WyomingServer(speech(chunk_s=0.05))
    await server.start(["tcp://127.0.0.1:0"])
    home_assistant = HomeAssistant(server.addresses[0])
    async with home_assistant.connected() as line, home_assistant.connected() as idle:
        await idle.send(Describe())
        await idle.receive()
        await line.send(Synthesize("one two three four"))
        await line.receive()
        closing = asyncio.create_task(server.aclose(grace_s=5))
        async with asyncio.timeout(0.1):
            assert await idle.receive() is None
        with pytest.raises(ConnectionRefusedError):
            await home_assistant.info()
        heard = await line.hear()
        assert heard.ended
        async with asyncio.timeout(1):
            await closing
        await server.aclose()


async def test_when_the_grace_is_over_an_utterance_ends_with_an_error() -> None:
    backend = ScriptedBackend(chunk_s=0.05)
    server = WyomingServer(PlainSpeech(backend))
    await server.start(["tcp://127.0.0.1:0"])
    async with HomeAssistant(server.addresses[0]).connected() as line:
        await line.send(SynthesizeStart(), SynthesizeChunk(ENDLESS))
        await line.receive()
        began = time.monotonic()
        hearing = asyncio.create_task(line.hear("synthesize-stopped"))
        await server.aclose(grace_s=0.2)
        assert time.monotonic() - began < 2
        heard = await hearing
    assert backend.speaking == 0
    assert heard.types[-3:] == ["error", "audio-stop", "synthesize-stopped"]
    assert heard.error
    assert heard.error.code == "server-stopping"
