"""The extension under anything: the port stays up, and every fault is told or ends the line."""

import asyncio
import json
import random
from typing import Any

import numpy as np
import pytest
from wyoming.event import Event

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.backends.peer.messages import state_event
from wyoming_voiceclone.backends.scripted import ADA
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.servers.wyoming import Extension, ExtensionLimits, WyomingServer
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.testing.home_assistant import HomeAssistant
from wyoming_voiceclone.testing.plain_speech import PlainSpeech
from wyoming_voiceclone.voices import SpeakerState
from wyoming_voiceclone.wire import encode

ODD: list[Any] = [
    None, True, 0, -1, 2**70, 1e308, 0.5, "", "k", "float32", "pcm16", "ada", [], {}, [[]], 16_000,
]  # fmt: skip
OURS = ["raw", "speed", "seed", "settings", "speaker_state", "ahead_s", "format", "rate", "key"]
STATE = state_event(SpeakerState("k", {"hz": np.array([300.0], np.float32)}))
LIMITS = ExtensionLimits(enroll_bytes=100_000, state_bytes=100_000, event_s=1.0)


def some_event(luck: random.Random) -> bytes:
    odd = {luck.choice(OURS): luck.choice(ODD) for _ in range(luck.randrange(4))}
    match luck.randrange(5):
        case 0:
            ours = {"raw": True} | odd
            data = {"text": "one two", "voice": luck.choice([{"name": "ada"}, 3, {}])}
            return encode(Event("synthesize", data | {"voiceclone": luck.choice([ours, 7])}))
        case 1:
            payload = luck.randbytes(luck.choice((0, 3, 4_000, 80_000)))
            return encode(Event("voiceclone-enroll", {"rate": 16_000} | odd, payload))
        case 2:
            damaged = bytearray(STATE.payload or b"")
            damaged[luck.randrange(len(damaged))] = luck.randrange(256)
            return encode(Event("voiceclone-state", {"key": "k"} | odd, bytes(damaged)))
        case 3:
            return encode(Event("voiceclone-hello", odd))
        case _:
            announced = {"type": "voiceclone-state", "payload_length": luck.choice([2**40, 99])}
            return json.dumps(announced).encode() + b"\n"


async def attack(home_assistant: HomeAssistant, seed: int) -> None:
    luck = random.Random(seed)
    async with home_assistant.connected() as line:
        try:
            await line.send_raw(b"".join(some_event(luck) for _ in range(luck.randrange(1, 6))))
            if luck.random() < 0.3:
                line.reset()
                return
            line.end_input()
            async with asyncio.timeout(20):
                await line.rest()
        except ConnectionError:
            pass


async def test_the_port_survives_whatever_is_sent_to_it(caplog: pytest.LogCaptureFixture) -> None:
    backend = ScriptedCloner(voices=[ADA], word_s=0.01)
    server = WyomingServer(PlainSpeech(backend), extension=Extension(backend, LIMITS))
    await server.start(["tcp://127.0.0.1:0"])
    home_assistant = HomeAssistant(server.addresses[0])
    room = asyncio.Semaphore(16)

    async def one(seed: int) -> None:
        async with room:
            await attack(home_assistant, seed)

    try:
        await asyncio.gather(*(one(seed) for seed in range(300)))
        peer = PeerBackend("peer", server.addresses[0])
        rate, samples = await speak(peer, SynthesisRequest("one two", "ada"))
        assert len(samples) == pytest.approx(0.02 * rate, abs=2)
    finally:
        await server.aclose()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_speaker_state_that_was_damaged_ends_the_line_and_says_why() -> None:
    backend = ScriptedCloner(voices=[ADA])
    server = WyomingServer(PlainSpeech(backend), extension=Extension(backend))
    await server.start(["tcp://127.0.0.1:0"])
    try:
        async with HomeAssistant(server.addresses[0]).connected() as line:
            payload = (STATE.payload or b"")[:-1] + b"\x7f"
            await line.send_event(Event("voiceclone-state", {"key": "k"}, payload))
            (error,) = await line.rest()
    finally:
        await server.aclose()
    assert error.data["code"] == "protocol-error"
    assert "checksum" in error.data["text"]
