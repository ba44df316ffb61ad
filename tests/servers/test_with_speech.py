"""The server with the speech of the program behind it: sentences, one rate, real cancellation."""

import asyncio
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from wyoming_voiceclone.backends.scripted import ScriptedBackend, tone_hz
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.testing.home_assistant import Heard, loopback

STREAMED = ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
LONG = "This sentence has a good many words. " * 50


def tone(heard: Heard) -> float:
    spectrum = np.abs(np.fft.rfft(heard.samples * np.hanning(len(heard.samples))))
    return float(np.argmax(spectrum)) * heard.rates[0] / len(heard.samples)


async def stopped(backend: ScriptedBackend) -> float:
    began = time.monotonic()
    async with asyncio.timeout(3):
        while backend.speaking:  # noqa: ASYNC110 -- seen from outside
            await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_several_sentences_have_one_start_one_rate_and_one_stop() -> None:
    async with loopback(Speech(ScriptedBackend(rate=16_000))) as home_assistant:
        heard = await home_assistant.say("It is late. Go to bed! Good night.")
        plain = await home_assistant.say_plain("It is late. Go to bed! Good night.")
    assert heard.types == STREAMED
    assert plain.types == STREAMED[:3]
    assert heard.rates == plain.rates == [16_000]
    assert heard.seconds == pytest.approx(0.8, abs=0.05)


async def test_the_first_sentence_is_heard_while_the_second_is_still_being_written() -> None:
    async def thinking() -> AsyncIterator[str]:
        yield "It is late. "
        await asyncio.sleep(0.5)
        yield "Go to bed!"

    async with loopback(Speech(ScriptedBackend())) as home_assistant:
        await home_assistant.say("Warm up.")
        heard = await home_assistant.say_words(thinking())
    assert heard.first_audio_s is not None
    assert heard.first_audio_s < 0.4
    assert heard.total_s > 0.5


@pytest.mark.parametrize("text", ["", "   ", "\n", "...", "\N{THUMBS UP SIGN}"])
async def test_a_text_without_a_word_still_has_an_answer_that_is_no_empty_file(text: str) -> None:
    async with loopback(Speech(ScriptedBackend())) as home_assistant:
        heard = await home_assistant.say(text)
    assert heard.types == STREAMED
    assert heard.pcm


async def test_a_voice_nobody_knows_is_spoken_by_another() -> None:
    async with loopback(Speech(ScriptedBackend())) as home_assistant:
        heard = await home_assistant.say("Hello there.", voice="no-such-voice")
    assert heard.types == STREAMED
    assert heard.error is None


async def test_eight_rooms_hear_their_own_sentence_each() -> None:
    texts = [f"This is the room of {name}." for name in "Ann Bob Cid Dan Eve Flo Gus Hal".split()]  # noqa: SIM905
    async with loopback(Speech(ScriptedBackend(chunk_s=0.005))) as home_assistant:
        heard = await asyncio.gather(*(home_assistant.say(text) for text in texts))
    for text, one in zip(texts, heard, strict=True):
        assert one.seconds == pytest.approx(0.6, abs=0.05)
        assert tone(one) == pytest.approx(tone_hz(text), abs=5)


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_client_that_vanishes_stops_all_the_work(*, streaming: bool) -> None:
    backend = ScriptedBackend(chunk_s=0.01)
    async with loopback(Speech(backend)) as home_assistant:
        async with home_assistant.connected() as line:
            events = [SynthesizeStart(), SynthesizeChunk(LONG)] if streaming else [Synthesize(LONG)]
            await line.send(*events)
            while (event := await line.receive()) and event.type != "audio-chunk":
                pass
            line.reset()
            assert await stopped(backend) < 0.2
        spoken = len(backend.spoken)
        await asyncio.sleep(0.2)
        assert len(backend.spoken) == spoken < 50


async def test_a_client_that_closed_before_the_first_chunk_stops_all_the_work() -> None:
    backend = ScriptedBackend(first_chunk_s=30)
    async with loopback(Speech(backend)) as home_assistant:
        async with home_assistant.connected() as line:
            await line.send(Synthesize(LONG))
            await asyncio.sleep(0.2)
            assert backend.speaking
        assert await stopped(backend) < 0.5


async def test_speed_and_settings_of_one_request_reach_whoever_speaks() -> None:
    backend = ScriptedBackend()
    extension = {"speed": 1.5, "settings": {"noise_scale": 0.5}}
    async with loopback(Speech(backend)) as home_assistant, home_assistant.connected() as line:
        await line.send_event(Event("synthesize", {"text": "Hello.", "voiceclone": extension}))
        await line.hear("audio-stop")
        await line.send(Synthesize(text="Hello."))
        await line.hear("audio-stop")
    assert [(r.speed, dict(r.settings)) for r in backend.spoken] == [
        (1.5, {"noise_scale": 0.5}),
        (1.0, {}),
    ]
