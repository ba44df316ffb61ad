"""Custom voices through the protocol: brought, spoken as, given out, forgotten."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from people import EMMA, Clinging, cloning, drop
from recordings import pitch, tone
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeVoice

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.audio.pcm import to_pcm16
from wyoming_voiceclone.backends import Backend
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech, SpeechSettings
from wyoming_voiceclone.testing.custom_voices import bring_recording, bring_state, fetch_state
from wyoming_voiceclone.testing.home_assistant import Heard, HomeAssistant
from wyoming_voiceclone.testing.line import Line
from wyoming_voiceclone.voices.speaker_file import parse_speaker
from wyoming_voiceclone.voices.speaker_msgpack import unpack_speaker

RATE = 16_000


@asynccontextmanager
async def served(folder: Path, *engines: ScriptedCloner) -> AsyncIterator[HomeAssistant]:
    async with cloning(folder) as cloned:
        server = _server(cloned, *engines)
        await server.start(["tcp://127.0.0.1:0"])
        try:
            yield HomeAssistant(server.addresses[0])
        finally:
            await server.aclose()


def _server(cloned: Cloning, *engines: ScriptedCloner) -> WyomingServer:
    backends: list[Backend] = [*engines, ScriptedBackend("stock", voices=[EMMA])]
    leaves = [cloned.over(one) for one in backends]
    router = Router(leaves, wishes=cloned)
    speech = Speech(router, SpeechSettings("emma"), unlisted=cloned.customs.voice)
    return WyomingServer(speech, customs=cloned.customs)


async def said(line: Line, name: str) -> Heard:
    await line.send(Synthesize("one two three", SynthesizeVoice(name)))
    return await line.hear()


def recording(hz: float = 440.0, seconds: float = 3.0) -> bytes:
    return to_pcm16(tone(seconds, RATE, hz=hz))


def hz(heard: Heard) -> float:
    assert heard.error is None
    return pitch((heard.samples / 32768).astype(np.float32), heard.rates[0])


async def test_a_recording_becomes_a_voice_for_whoever_knows_its_name(tmp_path: Path) -> None:
    engine = ScriptedCloner(enroll_s=0.5)
    async with served(tmp_path / "voices", engine) as home, home.connected() as line:
        brought = await bring_recording(line, recording(), RATE)
        assert brought.name.startswith("custom:")
        assert brought.shares == sorted(brought.shares) != []
        assert hz(await said(line, brought.name)) == pytest.approx(440, abs=4)
        async with home.connected() as other:
            assert hz(await said(other, brought.name)) == pytest.approx(440, abs=4)
        info = await home.info()
        assert brought.name not in [voice.name for voice in info.tts[0].voices]
    assert len(engine.learnt) == 1


async def test_a_voice_moves_to_another_server_as_a_state(tmp_path: Path) -> None:
    async with served(tmp_path / "a", ScriptedCloner()) as home, home.connected() as line:
        brought = await bring_recording(line, recording(), RATE)
        states = {form: await fetch_state(line, brought.name, form) for form in FORMS}
    for form, state in states.items():
        assert isinstance(state, bytes)
        assert FORMS[form](state).origin.engine == "cloner"
        engine = ScriptedCloner()
        async with served(tmp_path / "b", engine) as home, home.connected() as line:
            moved = await bring_state(line, state, form)
            assert hz(await said(line, moved.name)) == pytest.approx(440, abs=4)
        assert not engine.learnt


FORMS = {"safetensors": parse_speaker, "msgpack": unpack_speaker}


async def test_a_voice_can_be_forgotten_early_and_others_speak_then(tmp_path: Path) -> None:
    async with served(tmp_path / "voices", ScriptedCloner()) as home, home.connected() as line:
        name = (await bring_recording(line, recording(), RATE)).name
        await line.send_event(Event("voiceclone-voice-remove", {"name": name}))
        answer = await line.receive()
        assert answer is not None
        assert (answer.type, answer.data) == ("voiceclone-voice", {"name": name, "expires_s": 0})
        assert (await said(line, name)).seconds > 0
        gone = await fetch_state(line, name, "msgpack")
        assert not isinstance(gone, bytes)
        assert gone.code == "unknown-voice"


async def test_what_is_forgotten_early_is_forgotten_by_engines_too(tmp_path: Path) -> None:
    engine = Clinging()
    async with served(tmp_path / "voices", engine) as home, home.connected() as line:
        name = (await bring_recording(line, recording(), RATE)).name
        state = await fetch_state(line, name, "msgpack")
        assert isinstance(state, bytes)
        await line.send_event(Event("voiceclone-voice-remove", {"name": name}))
        await line.receive()
    assert engine.forgotten == [unpack_speaker(state).state.key]


async def test_what_is_wrong_with_a_recording_is_told_when_it_is_brought(tmp_path: Path) -> None:
    async with served(tmp_path / "voices", ScriptedCloner()) as home, home.connected() as line:
        blip = await bring_recording(line, recording(seconds=0.2), RATE)
        assert blip.error is not None
        assert (blip.error.code, blip.name) == ("bad-recording", "")
        assert "record again" in blip.error.text
        odd = await bring_recording(line, b"\0", RATE)
        assert odd.error is not None
        assert odd.error.code == "bad-request"
        assert (await bring_recording(line, recording(), RATE)).error is None


async def test_the_next_engine_learns_what_the_first_one_cannot(tmp_path: Path) -> None:
    needy = ScriptedCloner("needy", languages=["pl"])
    able = ScriptedCloner("able")
    async with served(tmp_path / "voices", needy, able) as home, home.connected() as line:
        brought = await bring_recording(line, recording(), RATE, language="de")
        assert brought.name
    assert (len(needy.learnt), len(able.learnt)) == (0, 1)


async def test_a_voice_of_the_library_is_given_to_nobody(tmp_path: Path) -> None:
    drop(tmp_path / "voices", "grandma")
    async with served(tmp_path / "voices", ScriptedCloner()) as home, home.connected() as line:
        answer = await fetch_state(line, "grandma", "safetensors")
        assert not isinstance(answer, bytes)
        assert answer.code == "bad-request"
        assert "only custom voices" in answer.text


async def test_too_much_is_refused_and_too_many_at_once_are(tmp_path: Path) -> None:
    async with served(tmp_path / "voices", ScriptedCloner()) as home, home.connected() as line:
        much = await bring_recording(line, bytes(33 * 2**20), RATE)
        assert much.error is not None
        assert "32 MiB" in much.error.text
        others = [home.connected() for _ in range(4)]
        for other in others:
            opened = await other.__aenter__()
            await opened.send_event(Event("voiceclone-voice-start", {"format": "msgpack"}))
            await opened.send_event(Event("ping"))
            await opened.receive()
        busy = await bring_recording(line, recording(), RATE)
        assert busy.error is not None
        assert busy.error.code == "server-busy"
        await others[0].__aexit__(None, None, None)
        await asyncio.sleep(0.2)
        assert (await bring_recording(line, recording(), RATE)).name
        for other in others[1:]:
            await other.__aexit__(None, None, None)


async def test_who_leaves_gives_back_the_place_of_what_waited_for_its_turn(
    tmp_path: Path,
) -> None:
    engine = ScriptedCloner(enroll_s=30)
    async with served(tmp_path / "voices", engine) as home:
        for number in range(5):
            async with home.connected() as line:
                bringing = asyncio.create_task(bring_recording(line, recording(440 + number), RATE))
                await asyncio.sleep(0.2)
                for _ in range(8):  # as many as wait in a row: what comes next is not even queued
                    await line.send_event(Event("voiceclone-voice-get", {"name": "custom:1"}))
                await line.send_event(Event("voiceclone-voice-start", {"format": "msgpack"}))
                await line.send_event(Event("voiceclone-voice-stop"))
                await asyncio.sleep(0.1)
                await cancelled(bringing)
        engine.enroll_s = 0
        async with home.connected() as line:
            assert (await bring_recording(line, recording(), RATE)).error is None


async def test_what_nobody_waits_for_any_more_is_not_learnt(tmp_path: Path) -> None:
    engine = ScriptedCloner(enroll_s=30)
    async with served(tmp_path / "voices", engine) as home:
        for number in range(3):  # more than are learnt at a time
            async with home.connected() as line:
                bringing = asyncio.create_task(bring_recording(line, recording(440 + number), RATE))
                await asyncio.sleep(0.2)
                await cancelled(bringing)
        engine.enroll_s = 0
        async with home.connected() as line, asyncio.timeout(5):
            assert (await bring_recording(line, recording(), RATE)).name


async def test_a_server_without_customs_ignores_them_as_any_other_does() -> None:
    server = WyomingServer(Speech(ScriptedBackend()))
    await server.start(["tcp://127.0.0.1:0"])
    async with HomeAssistant(server.addresses[0]).connected() as line:
        await line.send_event(Event("voiceclone-voice-get", {"name": "custom:1"}))
        await line.send_event(Event("ping", {"text": "here"}))
        answer = await line.receive()
        assert answer is not None
        assert answer.type == "pong"
    await server.aclose()


ODD: list[Any] = [None, True, -1, 2**70, 0.5, "", "msgpack", "safetensors", "pcm16", [], {}, 16000]


@pytest.mark.parametrize("seed", range(6))
async def test_nonsense_is_answered_and_the_next_voice_is_learnt(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    kinds = ["voiceclone-voice-" + kind for kind in ("start", "chunk", "stop", "get", "remove")]
    async with served(tmp_path / "voices", ScriptedCloner()) as home:
        async with home.connected() as line:
            for _ in range(60):
                keys = luck.sample(["format", "rate", "name", "engine", "language"], 3)
                odd = {key: luck.choice(ODD) for key in keys}
                content = luck.randbytes(luck.choice((0, 1, 4_000)))
                await line.send_event(Event(luck.choice(kinds), odd, payload=content))
            line.end_input()
            assert {event.type for event in await line.rest()} <= {"error", "voiceclone-progress"}
        async with home.connected() as line:
            assert (await bring_recording(line, recording(), RATE)).name
