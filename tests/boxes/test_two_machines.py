"""The commands and the servers of a box and of a home, as people use them."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from machines import boxes_of, free_port, key_for, machine, packages_in
from people import drop
from programs import Shell
from served import Served, serving

from wyoming_voiceclone.boxes.forgetting import Forgetting
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes
from wyoming_voiceclone.boxes.pairing_key import parse_key
from wyoming_voiceclone.servers.control import BoxStatus, Control


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    return packages_in(tmp_path / "packages")


@pytest.fixture
def box(tmp_path: Path, packages: Path) -> Shell:
    shell = machine(tmp_path / "box", packages, "scripted")
    shell.environment["WYOMING_VOICECLONE_SERVER__ROLE"] = "box"
    shell.environment["WYOMING_VOICECLONE_ENGINES__SCRIPTED__CHUNK_S"] = "0.05"
    return shell


@pytest.fixture
def home(tmp_path: Path, packages: Path) -> Shell:
    return machine(tmp_path / "home", packages, "espeak")


def at(shell: Shell, port: int) -> str:
    """Keep a box at one port; its address."""
    shell.environment["WYOMING_VOICECLONE_BOXES__PORT"] = str(port)
    return f"127.0.0.1:{port}"


@asynccontextmanager
async def announced(shell: Shell) -> AsyncIterator[Served]:
    shell.environment["WYOMING_VOICECLONE_DISCOVERY__ENABLED"] = "true"
    shell.environment["WYOMING_VOICECLONE_BOXES__NAME"] = f"gpu-{secrets.token_hex(3)}"
    async with serving(shell) as served:
        yield served


async def until(home: Shell, state: str, within_s: float = 20) -> BoxStatus:
    async with asyncio.timeout(within_s):
        while True:
            found = await Control(home.folder / "data").boxes(5)
            if [one.state for one in found] == [state]:
                return found[0]
            await asyncio.sleep(0.05)


async def run(shell: Shell, *command: str) -> str:
    told = await asyncio.to_thread(shell.run, *command)
    assert told.returncode == 0, told.stderr
    return told.stdout + told.stderr


async def voices(served: Served) -> set[str]:
    return {voice.name for voice in (await served.home.info()).tts[0].voices}


async def test_pairing_is_two_commands_and_a_running_home_notices(home: Shell, box: Shell) -> None:
    address = at(box, free_port())
    async with serving(box), serving(home) as served:
        assert "ada" not in await voices(served)
        key = await asyncio.to_thread(key_for, box)
        told = await run(home, "boxes", "pair", key, "--name", "gpu", "--address", address)
        assert told == f"gpu is paired; it is at {address} and has scripted\n"
        one = await until(home, "up")
        assert (one.name, one.engines, one.address) == ("gpu", ("scripted",), address)
        assert "ada" in await voices(served)
        heard = await served.home.say("one two three", voice="ada")
        assert heard.error is None
        assert heard.seconds == pytest.approx(0.3, abs=0.05)
        table = await run(home, "boxes", "list")
        assert table.splitlines()[1].split()[:4] == ["gpu", "up", address, "scripted"]
        assert "house" in await run(box, "boxes", "list")
        bench = await run(home, "boxes", "bench", "gpu")
        assert bench.splitlines()[1].startswith("scripted")
        assert "not let in any more" in await run(box, "boxes", "forget", "house")
        await until(home, "not paired")
        assert "gpu is forgotten" in await run(home, "boxes", "forget", "gpu")
        await asyncio.sleep(2.5)
        assert "ada" not in await voices(served)


async def test_a_box_does_not_listen_for_anybody_else(box: Shell) -> None:
    async with serving(box) as served:
        assert served.home.uri.startswith("box://")
        connections = psutil.Process(served.process.pid).net_connections("tcp")
        assert len([one for one in connections if one.status == psutil.CONN_LISTEN]) == 1


async def test_a_box_that_is_killed_and_comes_back_elsewhere_is_found_by_itself(
    home: Shell, box: Shell
) -> None:
    home.environment["WYOMING_VOICECLONE_DISCOVERY__ENABLED"] = "true"
    async with serving(home) as served:
        async with announced(box) as lender:
            key = await asyncio.to_thread(key_for, box)
            told = await run(home, "boxes", "pair", key)
            assert told.startswith("gpu-"), "it is called what it calls itself"
            before = (await until(home, "up")).address
            speaking = asyncio.create_task(served.home.say("one two three four " * 10, voice="ada"))
            await asyncio.sleep(0.7)
            lender.process.kill()
            heard = await speaking
            assert heard.error is None, "somebody else speaks on"
            await until(home, "gone", within_s=2)
        began = time.monotonic()
        assert (await served.home.say("Somebody speaks.", voice="ada")).error is None
        assert time.monotonic() - began < 2, "nobody waits for a box that has gone"
        async with announced(box):
            after = await until(home, "up")
            assert after.address != before
            heard = await served.home.say("one two three", voice="ada")
            assert heard.seconds == pytest.approx(0.3, abs=0.05)


async def test_a_box_that_stalls_is_gone_in_seconds(home: Shell, box: Shell) -> None:
    address = at(box, free_port())
    async with serving(box) as lender, serving(home):
        key = await asyncio.to_thread(key_for, box)
        await run(home, "boxes", "pair", key, "--name", "gpu", "--address", address)
        await until(home, "up")
        os.kill(lender.process.pid, signal.SIGSTOP)
        assert "nothing for 5 s" in (await until(home, "gone", within_s=8)).reason
        os.kill(lender.process.pid, signal.SIGCONT)
        await until(home, "up")


async def test_a_static_box_needs_no_announcement_and_a_restarted_home_knows_it(
    home: Shell, box: Shell
) -> None:
    address = at(box, free_port())
    config = home.folder / ".config/wyoming-voiceclone"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'[boxes.static]\ngpu = "{address}"\n')
    key = await asyncio.to_thread(key_for, box)
    told = await run(home, "boxes", "pair", key, "--name", "gpu")
    assert "could not be reached now" in told
    async with serving(home):
        async with serving(box):
            await until(home, "up")
        await until(home, "gone")
    async with serving(box), serving(home) as served:
        await until(home, "up")
        assert "ada" in await voices(served)
    (one,) = await asyncio.to_thread(boxes_of, home)
    assert (one["state"], one["engines"]) == ("unknown", ["scripted"])


async def test_what_is_wrong_with_pairing_is_said(home: Shell, box: Shell) -> None:
    address = at(box, free_port())
    key = await asyncio.to_thread(key_for, box)
    commands = {
        ("boxes", "pair"): "at home: `boxes pair KEY`",
        ("boxes", "pair", "hello"): "no pairing key",
        ("boxes", "pair", key[:-3] + "AAA"): "mistake in it",
        ("boxes", "pair", key, "--address", "http://gpu"): "no address of a box",
        ("boxes", "pair", key, "--name", "a@b", "--address", address): "cannot be the name",
        ("boxes", "forget", "attic"): "neither a box nor a home",
        ("boxes", "bench", "attic"): "no box is called that here",
    }
    for command, fact in commands.items():
        told = await asyncio.to_thread(home.run, *command)
        assert told.returncode == 1
        assert fact in told.stderr
    async with serving(box):
        await asyncio.to_thread(key_for, box)  # rotation: the first key is of no use any more
        told = await asyncio.to_thread(home.run, "boxes", "pair", key, "--address", address)
        assert told.returncode == 1
        assert "does not accept our pairing key any more" in told.stderr
    assert await asyncio.to_thread(boxes_of, home) == []


async def test_a_home_may_lend_its_engines_too(box: Shell) -> None:
    box.environment["WYOMING_VOICECLONE_SERVER__ROLE"] = "both"
    async with serving(box) as served:
        assert served.home.uri.startswith("box://")
        served.home.uri = (await served.logged("listening on tcp:")).split()[-1]
        assert "ada" in await voices(served)


async def test_a_peer_cannot_be_called_as_an_engine(home: Shell) -> None:
    home.environment["WYOMING_VOICECLONE_PEERS__ESPEAK"] = "tcp://127.0.0.1:9"
    told = await asyncio.to_thread(home.run, "serve")
    assert told.returncode == 1
    assert "an engine is called that" in told.stderr


async def test_a_voice_removed_while_no_server_runs_is_told_to_boxes_later(
    home: Shell, box: Shell
) -> None:
    key = parse_key(await asyncio.to_thread(key_for, box))
    await asyncio.to_thread(KnownBoxes(home.folder / "data").add, KnownBox("gpu", key))
    drop(home.folder / "voices", "grandma")
    await run(home, "voices", "remove", "grandma", "--yes")
    forgetting = Forgetting(home.folder / "data")
    assert len(await asyncio.to_thread(forgetting.pending, key.box_id)) == 1
