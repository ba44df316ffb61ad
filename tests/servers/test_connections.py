"""Connections: who goes is noticed, who hogs is stopped, nobody else is affected."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest
from wyoming.event import Event
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming import Limits
from wyoming_voiceclone.testing.home_assistant import loopback
from wyoming_voiceclone.testing.line import Line
from wyoming_voiceclone.testing.plain_speech import PlainSpeech

LONG = "word " * 200


def speech(**script: Any) -> PlainSpeech:
    return PlainSpeech(ScriptedBackend(**script))


async def first_audio(line: Line) -> None:
    while (event := await line.receive()) and event.type != "audio-chunk":
        pass
    assert event


async def settled(backend: ScriptedBackend, within_s: float) -> float:
    """Seconds until nothing is being spoken any more."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while backend.speaking:  # noqa: ASYNC110 -- seen from outside
            await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_a_client_that_vanishes_stops_its_synthesis_at_once() -> None:
    backend = ScriptedBackend(stall="word")
    async with loopback(PlainSpeech(backend)) as home_assistant:
        async with home_assistant.connected() as line:
            await line.send(Synthesize(LONG))
            await first_audio(line)
            assert backend.speaking == 1
            line.reset()
            assert await settled(backend, 1) < 0.1
        assert (await home_assistant.say("one")).ended


async def test_a_client_that_vanishes_before_the_first_chunk_stops_its_synthesis_at_once() -> None:
    backend = ScriptedBackend(first_chunk_s=30)
    async with (
        loopback(PlainSpeech(backend)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(Synthesize(LONG))
        await asyncio.sleep(0.1)
        assert backend.speaking == 1
        line.reset()
        assert await settled(backend, 1) < 0.1


async def test_a_client_that_vanishes_is_noticed_while_its_input_is_left_unread() -> None:
    backend = ScriptedBackend(first_chunk_s=30)
    async with (
        loopback(PlainSpeech(backend), Limits(queued_utterances=1)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(*[Synthesize(LONG)] * 4)
        await asyncio.sleep(0.1)
        assert backend.speaking == 1
        line.reset()
        assert await settled(backend, 1) < 0.1


async def test_a_client_that_closed_is_told_from_one_that_ended_its_input() -> None:
    """Both sent FIN; nothing is being written, as the backend is silent for half a minute."""
    backend = ScriptedBackend(first_chunk_s=30)
    async with loopback(PlainSpeech(backend)) as home_assistant:
        async with home_assistant.connected() as line:
            await line.send(Synthesize(LONG))
            await asyncio.sleep(0.1)
        assert await settled(backend, 3) < 0.5


async def test_a_half_closed_client_hears_its_audio_to_the_end() -> None:
    async with (
        loopback(speech(first_chunk_s=0.3, chunk_s=0.02)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(Synthesize("one two three"))
        line.end_input()
        heard = await line.hear()
        assert await line.receive() is None
    assert heard.ended
    assert heard.seconds == pytest.approx(0.3)


async def test_a_half_closed_client_need_not_stop_its_text() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send(SynthesizeStart(), SynthesizeChunk("one two"))
        line.end_input()
        heard = await line.hear("synthesize-stopped")
    assert heard.ended
    assert heard.seconds == pytest.approx(0.2)


async def test_netcat_gets_its_info() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send_raw(b'{"type":"describe"}\n')
        line.end_input()
        assert [event.type for event in await line.rest()] == ["info"]


@pytest.mark.parametrize("before", [b"", b'{"type": "synthesize", "data": {"text": "one"}}\n'])
async def test_broken_rules_are_told_and_end_only_that_connection(before: bytes) -> None:
    async with (
        loopback(speech(first_chunk_s=0.2)) as home_assistant,
        home_assistant.connected() as other,
        home_assistant.connected() as line,
    ):
        await other.send(Synthesize("one two"))
        await line.send_raw(before + b"GET / HTTP/1.1\r\n\r\n" + bytes(20_000_000))
        events = await line.rest()
        assert [e.data.get("code") for e in events if e.type == "error"] == ["protocol-error"]
        assert (await other.hear()).seconds == pytest.approx(0.2)


async def test_a_slow_loris_is_cut_off() -> None:
    limits = Limits(event_s=0.3, first_byte_s=0.2)
    async with (
        loopback(speech(), limits) as home_assistant,
        home_assistant.connected() as silent,
        home_assistant.connected() as slow,
    ):
        began = time.monotonic()
        await slow.send_raw(b'{"type"')
        assert await silent.receive() is None
        assert [event.type for event in await slow.rest()] == ["error"]
        assert time.monotonic() - began < 1


async def test_an_idle_connection_is_closed_but_never_one_that_is_spoken_to() -> None:
    async with (
        loopback(speech(chunk_s=0.1), Limits(idle_s=0.2)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(Synthesize("one two three four five six"))
        heard = await line.hear()
        assert heard.total_s > 0.5
        assert heard.ended
        assert await line.receive() is None


async def test_a_text_that_never_goes_on_is_ended_with_an_error() -> None:
    async with (
        loopback(speech(), Limits(idle_s=0.2)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(SynthesizeStart(), SynthesizeChunk("one"))
        heard = await line.hear("synthesize-stopped")
    assert heard.types[-3:] == ["error", "audio-stop", "synthesize-stopped"]
    assert heard.seconds == pytest.approx(0.1)


async def test_a_client_that_stops_reading_is_dropped() -> None:
    backend = ScriptedBackend(word_s=100)  # 4 MB of PCM a word: more than the kernel buffers
    async with (
        loopback(PlainSpeech(backend), Limits(write_s=0.3)) as home_assistant,
        home_assistant.connected() as line,
    ):
        line.stop_reading()
        await line.send(Synthesize("one two three four"))
        await asyncio.sleep(0.2)
        assert backend.speaking == 1
        await settled(backend, 5)
        assert (await home_assistant.say("")).ended


@pytest.mark.parametrize(
    "limits", [Limits(connections=3), Limits(connections_per_address=3)], ids=["all", "address"]
)
async def test_at_the_cap_the_longest_idle_connection_makes_room(limits: Limits) -> None:
    backend = ScriptedBackend(chunk_s=0.02)
    async with loopback(PlainSpeech(backend), limits) as home_assistant, AsyncExitStack() as stack:
        speaking, idle, active = [
            await stack.enter_async_context(home_assistant.connected()) for _ in range(3)
        ]
        await speaking.send(Synthesize("one " * 20))
        await first_audio(speaking)
        await active.send(Ping())
        await active.receive()
        assert (await home_assistant.info()).tts
        assert await idle.receive() is None
        await active.send(Ping("still here"))
        assert await active.receive() == Event("pong", {"text": "still here"})
        assert (await speaking.hear()).ended


async def test_a_newcomer_is_refused_when_everybody_is_being_spoken_to() -> None:
    limits = Limits(connections=2)
    async with (
        loopback(speech(chunk_s=0.02), limits) as home_assistant,
        home_assistant.connected() as one,
        home_assistant.connected() as two,
    ):
        for line in (one, two):
            await line.send(Synthesize("one " * 20))
            await first_audio(line)
        async with home_assistant.connected() as third:
            (refusal,) = await third.rest()
        assert refusal.data["code"] == "server-busy"
        assert (await one.hear()).ended
        assert (await two.hear()).ended
        assert (await home_assistant.info()).tts


async def test_input_is_left_unread_while_too_many_utterances_wait() -> None:
    limits = Limits(queued_utterances=1)
    async with (
        loopback(speech(word_s=0.01, chunk_s=0.1), limits) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(*[Synthesize("one two")] * 4, Ping("read"))
        answers = [(await line.hear()).types for _ in range(4)]
    assert "pong" not in answers[0]
    assert any("pong" in answer for answer in answers)


async def test_a_flood_of_events_holds_up_nobody() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        flooding = asyncio.create_task(line.send_raw(b'{"type":"x"}\n' * 100_000))
        took: list[float] = []
        while not flooding.done():
            began = time.perf_counter()
            await home_assistant.info()
            took.append(time.perf_counter() - began)
        await flooding
    assert sorted(took)[len(took) // 2] < 0.05


def test_a_limit_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ValueError, match="idle_s is 0"):
        Limits(idle_s=0)
