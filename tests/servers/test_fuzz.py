"""The live port under anything: it stays up, stays small, and serves the next client."""

import asyncio
import gc
import json
import logging
import random
import struct
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from wyoming.event import Event

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming import Limits
from wyoming_voiceclone.testing.home_assistant import HomeAssistant, loopback
from wyoming_voiceclone.testing.line import Line
from wyoming_voiceclone.testing.plain_speech import PlainSpeech
from wyoming_voiceclone.wire import encode

PEERS = 400
AT_ONCE = 16
GROWTH_BYTES = 48 * 2**20
TYPES = [
    "describe", "ping", "synthesize", "synthesize-start", "synthesize-chunk", "synthesize-stop",
    "select-program", "audio-start", "audio-chunk", "audio-stop", "error", "info", "transcribe",
]  # fmt: skip
KEYS = ["text", "voice", "text_format", "name", "language", "speaker", "context", "rate", "code"]
ODD: list[Any] = [
    None, True, 0, -1, 2**70, 1e308, "", "x", "word " * 30, "\x00", "\ud83d", "ssml", "ada",
    [], {}, ["ada"], {"name": "ada"}, {"name": None, "language": "de", "speaker": 3}, [[[[]]]],
]  # fmt: skip


def some_event(luck: random.Random) -> bytes:
    data = {luck.choice(KEYS): luck.choice(ODD) for _ in range(luck.randrange(4))}
    payload = luck.randbytes(luck.choice((0, 0, 1, 3000)))
    return encode(Event(luck.choice(TYPES), data, payload))


def damaged(luck: random.Random, raw: bytes) -> bytes:
    at = luck.randrange(len(raw))
    noise: list[Callable[[], bytes]] = [
        lambda: raw[:at],
        lambda: raw[:at] + luck.randbytes(luck.randrange(1, 9)) + raw[at:],
        lambda: raw[:at] + luck.randbytes(1) + raw[at + 1 :],
        lambda: luck.randbytes(luck.randrange(1, 2000)),
        lambda: header(type="synthesize", data_length=luck.choice([*ODD, 2**40, 10**6])),
        lambda: header(type="x", payload_length=luck.choice([*ODD, 2**31, 65_537])),
        lambda: header(type=luck.choice(ODD), data=luck.choice(ODD)),
        lambda: luck.choice([b"[", b'{"a":', b'["', b"\\", b'"', b" "]) * luck.randrange(70_000),
        lambda: struct.pack(">IQ", luck.randrange(2**32), luck.randrange(2**60)) + b"\n" * 5,
    ]
    return luck.choice(noise)()


def header(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def script(luck: random.Random) -> bytes:
    frames = [some_event(luck) for _ in range(luck.randrange(1, 12))]
    if luck.random() < 0.7:
        at = luck.randrange(len(frames))
        frames[at] = damaged(luck, frames[at])
    return b"".join(frames)


async def attack(home_assistant: HomeAssistant, seed: int) -> None:
    luck = random.Random(seed)
    async with home_assistant.connected() as line:
        try:
            await line.send_raw(script(luck))
            await leave(line, luck)
        except ConnectionError:
            pass


async def leave(line: Line, luck: random.Random) -> None:
    match luck.randrange(4):
        case 0:
            line.reset()
        case 1:
            await asyncio.sleep(luck.random() * 0.05)
        case _:
            line.end_input()
            async with asyncio.timeout(20):
                await line.rest()


async def test_the_port_survives_whatever_is_sent_to_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    backend = ScriptedBackend(word_s=0.01, chunk_s=0.001)
    limits = Limits(event_s=0.5, idle_s=1, first_byte_s=1)
    async with loopback(PlainSpeech(backend), limits) as home_assistant:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(seed: int) -> None:
            async with room:
                await attack(home_assistant, seed)

        await asyncio.gather(*(one(seed) for seed in range(PEERS)))
        heard = await home_assistant.say("one two three")
    gc.collect()  # a task's exception that nobody saw is told when the task goes
    await asyncio.sleep(0)
    assert heard.seconds == pytest.approx(0.03, rel=0.01)
    assert backend.speaking == 0
    assert caplog.records == []


async def test_memory_stays_bounded_while_peers_announce_more_than_there_is() -> None:
    process = psutil.Process()
    limits = Limits(event_s=2)
    async with loopback(PlainSpeech(ScriptedBackend()), limits) as home_assistant:
        await home_assistant.say("one")
        before = process.memory_info().rss

        async def hog(number: int) -> None:
            async with home_assistant.connected() as line:
                kind = ("data_length", "payload_length")[number % 2]
                try:
                    await line.send_raw(header(type="x", **{kind: 10 * 2**30}))
                    for _ in range(100):
                        await line.send_raw(bytes(2**20))
                except ConnectionError:
                    pass

        await asyncio.gather(*(hog(number) for number in range(20)))
        grown = process.memory_info().rss - before
        assert (await home_assistant.say("one")).ended
    assert grown < GROWTH_BYTES


async def test_a_text_in_a_million_pieces_is_bounded_by_its_cap() -> None:
    backend = ScriptedBackend()
    limits = Limits(text_chars=5_000)
    async with (
        loopback(PlainSpeech(backend), limits) as home_assistant,
        home_assistant.connected() as line,
    ):
        piece = encode(Event("synthesize-chunk", {"text": "x"}))
        began = time.monotonic()
        await line.send_raw(encode(Event("synthesize-start")) + piece * 20_000)
        heard = await line.hear("synthesize-stopped")
        assert heard.error
        assert heard.error.code == "text-too-long"
        assert time.monotonic() - began < 20
