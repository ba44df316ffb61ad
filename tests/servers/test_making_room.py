"""Making room: an open text stream without text holds no place against somebody who speaks."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from wyoming.event import Event
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming import Limits
from wyoming_voiceclone.testing.home_assistant import HomeAssistant, loopback
from wyoming_voiceclone.testing.line import Line
from wyoming_voiceclone.testing.plain_speech import PlainSpeech

SPEECH = PlainSpeech(ScriptedBackend(chunk_s=0.02))


async def opened(home_assistant: HomeAssistant, stack: AsyncExitStack, count: int) -> list[Line]:
    """Connections with an open text stream each; a pong later the server knows of it."""
    lines = []
    for _ in range(count):
        line = await stack.enter_async_context(home_assistant.connected())
        await line.send(SynthesizeStart(), Ping())
        assert (await line.receive() or Event("end")).type == "pong"
        lines.append(line)
    return lines


async def test_text_streams_without_text_lock_nobody_out_and_are_told() -> None:
    limits = Limits(connections=4)
    async with loopback(SPEECH, limits) as home_assistant, AsyncExitStack() as stack:
        silent = await opened(home_assistant, stack, 4)
        assert (await home_assistant.say("one")).ended
        heard = await silent[0].hear("synthesize-stopped")
    assert heard.types == ["error", "audio-stop", "synthesize-stopped"]
    assert heard.error
    assert heard.error.code == "server-busy"


async def test_pings_do_not_make_an_open_text_stream_younger() -> None:
    limits = Limits(connections=2)
    async with loopback(SPEECH, limits) as home_assistant, AsyncExitStack() as stack:
        older, younger = await opened(home_assistant, stack, 2)
        await older.send(Ping("still here"))
        assert await older.receive() == Event("pong", {"text": "still here"})
        assert (await home_assistant.info()).tts
        assert (await older.hear("synthesize-stopped")).error
        await younger.send(SynthesizeChunk("one"), SynthesizeStop())
        assert not (await younger.hear("synthesize-stopped")).error


async def test_a_text_stream_that_is_being_spoken_keeps_its_place() -> None:
    limits = Limits(connections=2)
    async with loopback(SPEECH, limits) as home_assistant, AsyncExitStack() as stack:
        speaking, silent = await opened(home_assistant, stack, 2)
        await speaking.send(SynthesizeChunk("one two"))
        while (event := await speaking.receive()) and event.type != "audio-chunk":
            pass
        assert (await home_assistant.info()).tts
        assert (await silent.hear("synthesize-stopped")).error
        await speaking.send(SynthesizeChunk("three"), SynthesizeStop())
        assert not (await speaking.hear("synthesize-stopped")).error


async def test_a_text_stream_that_nothing_comes_of_loses_its_place() -> None:
    limits = Limits(connections=1, silent_s=0.3)
    async with loopback(SPEECH, limits) as home_assistant, home_assistant.connected() as line:
        await line.send(SynthesizeStart(), SynthesizeChunk("one"))
        await line.receive()
        with pytest.raises(ConnectionError):
            await home_assistant.info()
        await asyncio.sleep(0.4)
        assert (await home_assistant.info()).tts
        assert (await line.hear("synthesize-stopped")).error


async def test_a_text_stream_that_waits_for_its_turn_keeps_its_place() -> None:
    limits = Limits(connections=1)
    async with loopback(SPEECH, limits) as home_assistant, home_assistant.connected() as line:
        await line.send(Synthesize("one " * 20), SynthesizeStart(), Ping())
        while (event := await line.receive()) and event.type != "pong":
            pass
        with pytest.raises(ConnectionError):
            await home_assistant.info()
        await line.send(SynthesizeStop())
        assert (await line.hear("synthesize-stopped")).ended


async def test_pings_do_not_keep_a_text_stream_open() -> None:
    async with (
        loopback(SPEECH, Limits(idle_s=0.3)) as home_assistant,
        home_assistant.connected() as line,
    ):
        began = time.monotonic()
        await line.send(SynthesizeStart(), SynthesizeChunk("one"))
        pinging = asyncio.create_task(ping_on(line))
        heard = await line.hear("synthesize-stopped")
        pinging.cancel()
        await asyncio.gather(pinging, return_exceptions=True)
    assert heard.error
    assert heard.error.code == "protocol-error"
    assert 0.3 <= time.monotonic() - began < 1.5


async def ping_on(line: Line) -> None:
    for _ in range(40):
        await line.send(Ping())
        await asyncio.sleep(0.05)
