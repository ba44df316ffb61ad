"""Stopping: everything that was asked for gets an ending, also what was not begun."""

import asyncio

from wyoming.event import Event
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeStart

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.testing.home_assistant import HomeAssistant, loopback
from wyoming_voiceclone.testing.line import Line
from wyoming_voiceclone.testing.plain_speech import PlainSpeech


def slow() -> PlainSpeech:
    return PlainSpeech(ScriptedBackend(first_chunk_s=30))


async def ask(line: Line) -> None:
    """Three utterances, the last one as a text stream; returns when all were read."""
    await line.send(Synthesize("one"), Synthesize("two"), SynthesizeStart(), Ping())
    assert (await line.receive() or Event("end")).type == "pong"


async def test_what_still_waits_when_the_server_stops_gets_an_error_and_its_endings() -> None:
    server = WyomingServer(slow())
    await server.start(["tcp://127.0.0.1:0"])
    async with HomeAssistant(server.addresses[0]).connected() as line:
        await ask(line)
        await server.aclose()
        events = await line.rest()
    assert [event.type for event in events] == [
        *["error", "audio-stop"] * 3,
        "synthesize-stopped",
    ]
    assert {event.data["code"] for event in events if "code" in event.data} == {"server-stopping"}


async def test_what_is_asked_for_while_the_server_stops_gets_an_error_and_its_endings() -> None:
    server = WyomingServer(PlainSpeech(ScriptedBackend(chunk_s=0.05)))
    await server.start(["tcp://127.0.0.1:0"])
    async with HomeAssistant(server.addresses[0]).connected() as line:
        await line.send(Synthesize("one two three four"))
        await line.receive()
        closing = asyncio.create_task(server.aclose(grace_s=5))
        await asyncio.sleep(0.05)  # by now it is stopping
        await line.send(Synthesize("five"))
        assert not (await line.hear()).error
        late = await line.hear()
        await closing
    assert late.error
    assert late.error.code == "server-stopping"
    assert late.ended


async def test_what_still_waits_when_the_rules_are_broken_gets_its_endings() -> None:
    async with loopback(slow()) as home_assistant, home_assistant.connected() as line:
        await ask(line)
        await line.send_raw(b"GET / HTTP/1.1\r\n\r\n")
        events = await line.rest()
    assert [event.type for event in events] == [
        *["error", "audio-stop"] * 3,
        "synthesize-stopped",
    ]
    assert {event.data["code"] for event in events if "code" in event.data} == {"protocol-error"}
