"""Who comes when all places are taken is told so, or let go: nobody waits for nothing."""

import asyncio
import socket
from pathlib import Path

from wyoming_voiceclone.boxes.certificate import client_context
from wyoming_voiceclone.boxes.keyring import Keyring
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


async def test_who_breaks_the_rules_is_told_also_over_tls(tmp_path: Path) -> None:
    keyring = await asyncio.to_thread(Keyring, tmp_path)
    context = await asyncio.to_thread(keyring.certificate.server_context)
    server = WyomingServer(Speech(Router([])))
    inside = await asyncio.start_server(
        lambda reader, writer: server.serve(reader, writer, None), "127.0.0.1", 0, ssl=context
    )
    async with inside:
        port = inside.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_context())
        writer.write(b"no JSON\n")
        async with asyncio.timeout(5):
            assert b"protocol-error" in await reader.read()
        writer.close()
    await server.aclose()
