"""Who comes when all places are taken is told so, or let go: nobody waits for nothing."""

import asyncio
import socket
from pathlib import Path

from test_door import opened
from wyoming.event import Event

from wyoming_voiceclone.backends.scripted import ADA
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.servers.wyoming import Limits, WyomingServer
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech


async def test_who_makes_room_at_once_is_not_left_with_a_dead_connection() -> None:
    server = WyomingServer(Speech(Router([])), Limits(connections=1))
    await server.start(["tcp://127.0.0.1:0"])
    port = int(server.addresses[0].rpartition(":")[2])
    # both are accepted before either is served
    both = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    lines = [await asyncio.open_connection(sock=one) for one in both]
    reads = [asyncio.create_task(reader.read()) for reader, _ in lines]
    done, left = await asyncio.wait(reads, timeout=2, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(left)) == (1, 1), "one had to be refused"
    assert b"server-busy" in done.pop().result()
    await server.aclose()
    await asyncio.wait(left)
    await asyncio.gather(*reads, return_exceptions=True)
    for _, writer in lines:
        writer.close()


async def test_a_home_that_breaks_the_rules_inside_a_box_is_told_and_put_out(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, ScriptedCloner(voices=[ADA])) as box:
        dialer = box.dialer(await box.pair())
        async with dialer.link("cloner") as link:
            await link.send(Event("synthesize", {"text": 7}), Event("ping", {}, b"x" * 70_000))
            while (event := await link.receive(5)).type != "error":
                pass
            assert event.data["code"]
        await dialer.aclose()
