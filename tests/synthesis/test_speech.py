"""Speech: one utterance, one rate, from a stream of text."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Literal

import numpy as np
import pytest

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import NoBackend
from wyoming_voiceclone.synthesis.performance import MOST_SILENCE_S, Silences
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Manner, Speech, SpeechSettings
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.voices import Voice

ADA = Voice("ada", ("en-US", "en"))
VCTK = Voice("vctk#p239", ("en-GB", "en"))
KLARA = Voice("klara", ("de-DE", "de"))


async def pieces(*texts: str, every_s: float = 0.0) -> AsyncIterator[str]:
    for text in texts:
        await asyncio.sleep(every_s)
        yield text


async def said(
    speech: Speech, *texts: str, request: UtteranceRequest | None = None
) -> tuple[int, Chunk]:
    stream = await speech.speak(request or UtteranceRequest(), pieces(*texts))
    return stream.rate, await heard(stream)


async def heard(stream: AudioStream) -> Chunk:
    async with stream:
        chunks = [chunk async for chunk in stream]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


async def test_every_sentence_is_asked_for_by_itself() -> None:
    backend = ScriptedBackend()
    rate, samples = await said(Speech(backend), "It is late. Go to bed! Good ni", "ght.")
    assert [r.text for r in backend.spoken] == ["It is late.", "Go to bed!", "Good night."]
    assert len(samples) / rate == pytest.approx(0.8, abs=0.02)


async def test_a_text_that_pauses_after_a_full_stop_is_spoken_at_once() -> None:
    backend = ScriptedBackend()
    release = asyncio.Event()

    async def thinking() -> AsyncIterator[str]:
        yield "It is late."
        await release.wait()

    async with await Speech(backend).speak(UtteranceRequest(), thinking()) as stream:
        assert await anext(stream) is not None
        release.set()


async def test_nothing_to_say_is_a_stream_without_chunks() -> None:
    speech = Speech(ScriptedBackend())
    for text in ("", "   ", "…", "***"):
        assert (await said(speech, text))[1].size == 0


async def test_one_rate_for_all_when_a_backend_is_lost_between_sentences() -> None:
    gpu = ScriptedBackend("gpu", rate=24_000, refuse="two")
    cpu = ScriptedBackend("cpu", rate=22_050, voices=[Voice("bob", ("en-US",))])
    rate, samples = await said(Speech(Router([gpu, cpu])), "One. Here are two. Three.")
    assert rate == 24_000
    assert len(samples) / rate == pytest.approx(0.5, abs=0.02)


async def test_an_error_in_a_later_sentence_is_raised_by_the_stream() -> None:
    speech = Speech(Router([ScriptedBackend(refuse="bad")]))
    stream = await speech.speak(UtteranceRequest(), pieces("Good. bad."))
    with pytest.raises(NoBackend):
        await heard(stream)


async def test_no_voice_at_all_is_an_error() -> None:
    with pytest.raises(NoBackend, match="doctor"):
        await said(Speech(ScriptedBackend(voices=[])), "Hello.")


@pytest.mark.parametrize(
    ("request_", "voice"),
    [
        (UtteranceRequest(), "ada"),
        (UtteranceRequest(voice="klara"), "klara"),
        (UtteranceRequest(voice="KLARA"), "klara"),
        (UtteranceRequest(language="de"), "klara"),
        (UtteranceRequest(language="de-AT"), "klara"),
        (UtteranceRequest(language="en-GB"), "vctk#p239"),
        (UtteranceRequest(language="xx"), "ada"),
        (UtteranceRequest(voice="vctk", speaker="p239"), "vctk#p239"),
        (UtteranceRequest(voice="nobody"), "ada"),
        (UtteranceRequest(voice="de_DE-thorsten-high"), "klara"),
    ],
)
async def test_the_voice_is_the_best_match_of_what_was_asked(
    request_: UtteranceRequest, voice: str
) -> None:
    backend = ScriptedBackend(voices=[ADA, VCTK, KLARA])
    speech = Speech(backend, SpeechSettings(default_voice="ada"))
    await said(speech, "Hello.", request=request_)
    assert backend.spoken[0].voice == voice


async def test_the_default_voice_is_listed_first() -> None:
    speech = Speech(ScriptedBackend(voices=[ADA, KLARA]), SpeechSettings(default_voice="klara"))
    assert [voice.name for voice in speech.voices()] == ["klara", "ada"]


async def test_manner_is_the_voices_own_and_the_request_has_the_last_word() -> None:
    backend = ScriptedBackend(voices=[ADA, KLARA])
    manner = Manner(speed=2.0, settings={"noise_scale": 0.1, "seed_scale": 1})
    speech = Speech(backend, SpeechSettings(default_voice="ada", manners={"klara": manner}))
    await said(
        speech,
        "Hallo.",
        request=UtteranceRequest(voice="klara", speed=1.5, settings={"noise_scale": 0.5}),
    )
    await said(speech, "Hello.")
    assert backend.spoken[0].speed == 3.0
    assert backend.spoken[0].settings == {"noise_scale": 0.5, "seed_scale": 1}
    assert backend.spoken[1].speed == 1.0


async def test_nobody_is_asked_to_speak_faster_than_anybody_can() -> None:
    speech = Speech(backend := ScriptedBackend(), SpeechSettings(manner=Manner(speed=2.0)))
    await said(speech, "Hello.", request=UtteranceRequest(speed=3.0))
    assert backend.spoken[0].speed == 4.0


async def test_silence_lies_around_the_utterance_and_between_sentences() -> None:
    speech = Speech(
        ScriptedBackend(),
        SpeechSettings(
            silences=Silences(lead_s=0.5, trail_s=0.25), manner=Manner(sentence_silence_s=1.0)
        ),
    )
    rate, samples = await said(speech, "One. Two.")
    assert len(samples) / rate == pytest.approx(0.5 + 0.1 + 1.0 + 0.1 + 0.25, abs=0.02)
    assert not samples[: round(0.49 * rate)].any()


async def test_a_request_may_ask_for_more_silence_between_sentences() -> None:
    request = UtteranceRequest(sentence_silence_s=0.5)
    rate, samples = await said(Speech(ScriptedBackend()), "One. Two.", request=request)
    assert len(samples) / rate == pytest.approx(0.1 + 0.5 + 0.1, abs=0.02)


async def test_ssml_breaks_voices_and_rates_are_kept() -> None:
    backend = ScriptedBackend(voices=[ADA, KLARA])
    document = (
        '<speak>Hello.<break time="400ms"/><voice name="klara">Guten Tag.</voice>'
        '<prosody rate="200%">Fast words.</prosody></speak>'
    )
    request = UtteranceRequest(text_format="ssml", voice="ada")
    rate, samples = await said(Speech(backend), document, request=request)
    assert [(r.text, r.voice, r.speed) for r in backend.spoken] == [
        ("Hello.", "ada", 1.0),
        ("Guten Tag.", "klara", 1.0),
        ("Fast words.", "ada", 2.0),
    ]
    assert len(samples) / rate == pytest.approx(0.1 + 0.4 + 0.2 + 0.1, abs=0.02)


async def test_a_long_first_sentence_begins_at_a_clause() -> None:
    backend = ScriptedBackend()
    clause = "In the morning there is a meeting with the whole team in the large room"
    text = f"{clause}, and after that there is lunch with your sister at the station, " * 2
    await said(Speech(backend), text.strip(", ") + ".")
    assert len(backend.spoken) == 2
    assert backend.spoken[0].text.startswith(clause)


async def test_closing_stops_the_backend_and_the_text() -> None:
    backend = ScriptedBackend()
    ended = False

    async def endless() -> AsyncIterator[str]:
        nonlocal ended
        try:
            while True:
                yield "Another sentence. "
        finally:
            ended = True

    text = endless()
    stream = await Speech(backend).speak(UtteranceRequest(), text)
    await anext(stream)
    await stream.aclose()
    assert backend.speaking == 0


async def test_a_stalled_text_is_bridged_with_silence() -> None:
    settings = SpeechSettings(silences=Silences(comfort_after_s=0.2))

    async def slow() -> AsyncIterator[str]:
        yield "One."
        await asyncio.sleep(1.0)
        yield " Two."

    stream = await Speech(ScriptedBackend(), settings).speak(UtteranceRequest(), slow())
    samples = await heard(stream)
    assert len(samples) / stream.rate > 0.2 + 2 * 0.04  # two words and some silence


async def test_sentences_know_when_their_listener_runs_dry() -> None:
    backend = ScriptedBackend(word_s=2.0)
    await said(Speech(backend), "One. Two.")
    first, second = (r.playback for r in backend.spoken)
    assert first is second
    assert first is not None
    assert first.dry_at > first.arrived + 3.0


async def test_no_number_of_breaks_makes_endless_silence() -> None:
    document = "<speak>One." + '<break time="10s"/>' * 500 + "Two.</speak>"
    request = UtteranceRequest(text_format="ssml")
    rate, samples = await said(Speech(ScriptedBackend()), document, request=request)
    assert len(samples) / rate == pytest.approx(0.1 + MOST_SILENCE_S + 0.1, abs=0.02)


@pytest.mark.parametrize("text_format", ["text", "ssml"])
@pytest.mark.parametrize("text", ["。" * 20_000, "! " * 10_000])
async def test_a_text_without_a_word_holds_nobody_up(
    text: str, text_format: Literal["text", "ssml"]
) -> None:
    waits: list[float] = []

    async def somebody_else() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0)
            waits.append(time.monotonic() - began)

    other = asyncio.create_task(somebody_else())
    await said(Speech(ScriptedBackend()), text, request=UtteranceRequest(text_format=text_format))
    other.cancel()
    await asyncio.wait([other])
    assert len(waits) > 100
    assert sorted(waits)[-3] < 0.05  # twice the machine may have been busy with something else
