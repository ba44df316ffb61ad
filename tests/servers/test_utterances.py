"""What a client hears: one rate, one start, one stop, always an ending."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from wyoming.audio import AudioChunk
from wyoming.event import Event
from wyoming.info import SelectProgram
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
)

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.backends.scripted import ScriptedBackend, tone_hz
from wyoming_voiceclone.servers.wyoming import Limits
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.testing.home_assistant import loopback
from wyoming_voiceclone.testing.line import Heard
from wyoming_voiceclone.testing.plain_speech import PlainSpeech

PLAIN = ["audio-start", "audio-chunk", "audio-stop"]
STREAMED = [*PLAIN, "synthesize-stopped"]


def speech(**script: Any) -> PlainSpeech:
    return PlainSpeech(ScriptedBackend(**script))


def tone(heard: Heard) -> float:
    spectrum = np.abs(np.fft.rfft(heard.samples * np.hanning(len(heard.samples))))
    return float(np.argmax(spectrum)) * heard.rates[0] / len(heard.samples)


async def test_a_text_is_spoken_with_one_start_and_one_stop() -> None:
    async with loopback(speech(rate=24_000)) as home_assistant:
        heard = await home_assistant.say_plain("one two three")
    assert heard.types == PLAIN
    assert heard.rates == [24_000]
    assert heard.seconds == pytest.approx(0.3)
    assert tone(heard) == pytest.approx(tone_hz("one two three"), abs=5)


async def test_home_assistant_takes_the_streaming_way_and_hears_the_text_once() -> None:
    async with loopback(speech()) as home_assistant:
        heard = await home_assistant.say("one two three")
    assert heard.types == STREAMED
    assert heard.seconds == pytest.approx(0.3)
    assert heard.wav()[:4] == b"RIFF"


async def test_words_that_trickle_in_are_spoken_as_they_come() -> None:
    async def words() -> AsyncIterator[str]:
        for word in ("one ", "", "two ", "three"):
            yield word
            await asyncio.sleep(0.1)

    async with loopback(speech()) as home_assistant:
        heard = await home_assistant.say_words(words())
    assert heard.seconds == pytest.approx(0.3)
    assert heard.first_audio_s is not None
    assert heard.first_audio_s < 0.1
    assert heard.total_s > 0.3


@pytest.mark.parametrize("text", ["", "   ", "\n"])
async def test_an_empty_text_is_a_short_silence_and_no_empty_file(text: str) -> None:
    async with loopback(speech()) as home_assistant:
        heard = await home_assistant.say_plain(text)
        streaming = await home_assistant.say(text)
    assert heard.types == PLAIN
    assert streaming.types == STREAMED
    assert heard.pcm == streaming.pcm == bytes(round(0.1 * 22_050) * 2)


async def test_chunks_are_small_and_pcm_of_the_announced_format() -> None:
    async def ramp() -> AsyncGenerator[Chunk, None]:
        yield np.linspace(-1, 1, 100_001, dtype=np.float32)

    class Ramp(PlainSpeech):
        async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:  # noqa: ARG002
            return AudioStream(16_000, ramp())

    async with loopback(Ramp(ScriptedBackend())) as home_assistant:
        heard = await home_assistant.say("x")
    chunks = [AudioChunk.from_event(e) for e in heard.events if AudioChunk.is_type(e.type)]
    assert {(c.rate, c.width, c.channels) for c in chunks} == {(16_000, 2, 1)}
    assert max(c.samples for c in chunks) <= 4096
    assert len(heard.samples) == 100_001
    assert np.all(np.diff(heard.samples.astype(int)) >= 0)


async def test_utterances_follow_one_another_on_one_connection() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send(Synthesize("one"))
        first = await line.hear()
        await line.send(SynthesizeStart(), SynthesizeChunk("one two"), Synthesize("one two"))
        await line.send(SynthesizeStop())
        second = await line.hear("synthesize-stopped")
        await line.send(Synthesize("one two three"))
        third = await line.hear()
    assert [round(h.seconds, 2) for h in (first, second, third)] == [0.1, 0.2, 0.3]


async def test_requests_sent_at_once_are_answered_in_order() -> None:
    texts = ["one", "one two", "one two three"] * 7
    limits = Limits(queued_utterances=2)
    async with loopback(speech(), limits) as home_assistant, home_assistant.connected() as line:
        await line.send(*(Synthesize(text) for text in texts))
        heard = [await line.hear() for _ in texts]
    assert [round(h.seconds * 10) for h in heard] == [1, 2, 3] * 7


async def test_a_start_without_a_stop_ends_the_text_before_it() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send(SynthesizeStart(), SynthesizeChunk("one"))
        await line.send(SynthesizeStart(), SynthesizeChunk("one two"), SynthesizeStop())
        seconds = [round((await line.hear("synthesize-stopped")).seconds, 2) for _ in range(2)]
    assert seconds == [0.1, 0.2]


async def test_what_is_not_asked_for_is_ignored_and_the_connection_stays() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send(SelectProgram("other"), SynthesizeChunk("stray"), SynthesizeStop())
        await line.send_raw(b'{"type": "transcribe", "data": {"x": [1]}, "payload_length": 3}\nabc')
        await line.send(AudioChunk(22_050, 2, 1, audio=bytes(2048)), Synthesize("one"))
        heard = await line.hear()
    assert heard.types == PLAIN


async def test_eight_clients_hear_their_own_text_each() -> None:
    texts = [f"text number {n} is its own" for n in "abcdefgh"]
    async with loopback(speech(chunk_s=0.005)) as home_assistant:
        heard = await asyncio.gather(*(home_assistant.say(text) for text in texts))
    for text, one in zip(texts, heard, strict=True):
        assert one.seconds == pytest.approx(0.6)
        assert tone(one) == pytest.approx(tone_hz(text), abs=3)


@pytest.mark.parametrize(
    "voice",
    [None, {}, {"name": None}, {"name": ""}, {"name": "ada", "speaker": 3, "x": []}],
)
async def test_an_unspecific_voice_is_spoken(voice: Any) -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send_event(Event("synthesize", {"text": "one", "voice": voice}))
        assert (await line.hear()).types == PLAIN


async def test_the_request_reaches_the_speaking_side_whole() -> None:
    asked: list[UtteranceRequest] = []

    class Listening(PlainSpeech):
        async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:
            asked.append(request)
            return await super().speak(replace(request, voice=None), text)

    async with loopback(Listening(ScriptedBackend())) as home_assistant:
        await home_assistant.say("x", voice="vctk", speaker="p239")
        await home_assistant.say_plain("x", text_format="ssml")
    assert asked == [
        UtteranceRequest(voice="vctk", speaker="p239"),
        UtteranceRequest(text_format="ssml"),
    ]


async def test_half_a_character_reaches_the_speaking_side_as_a_whole_one() -> None:
    backend = ScriptedBackend()
    async with (
        loopback(PlainSpeech(backend)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send_raw(
            b'{"type": "synthesize", "data": {"text": "a \\ud83d b \\ud83d\\ude42"}}\n'
        )
        await line.hear()
        await line.send_raw(b'{"type": "ping", "data": {"text": "\\ud83d"}}\n')
        pong = await line.receive()
    assert [request.text for request in backend.spoken] == ["a \ufffd b \U0001f642"]
    assert pong == Event("pong", {"text": "\ud83d"})


async def test_the_log_has_one_line_per_utterance_and_never_the_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "wyoming_voiceclone")
    async with loopback(speech()) as home_assistant:
        await home_assistant.say("the secret word", voice="ada")
    assert len(caplog.records) == 1
    assert "'ada', 15 characters" in caplog.text
    assert "0.30 s of audio" in caplog.text
    assert "secret" not in caplog.text


async def test_one_utterance_does_not_wait_for_anothers_text() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send(SynthesizeStart(), SynthesizeChunk("one"))
        heard = await home_assistant.say("two")
        assert heard.types == STREAMED
        await line.send(SynthesizeStop())
        assert SynthesizeStopped.is_type((await line.hear("synthesize-stopped")).events[-1].type)
