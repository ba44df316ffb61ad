"""The router: preference, fallback before and inside a sentence, one rate."""

import asyncio
import logging

import numpy as np
import pytest

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import NoBackend
from wyoming_voiceclone.synthesis.health import COOLING_S, Health
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.synthesis.takeover import FADE_S
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.voices import Voice

BOB = Voice("bob", ("en-GB", "en"))
KLARA = Voice("klara", ("de-DE", "de"))


def two(first: ScriptedBackend, second: ScriptedBackend | None = None) -> Router:
    second = second or ScriptedBackend("second", voices=[BOB, KLARA], rate=16_000)
    return Router([first, second], RouterLimits(first_chunk_s=0.2, next_chunk_s=0.2))


def said(text: str, voice: str = "ada") -> SynthesisRequest:
    return SynthesisRequest(text, voice)


async def test_it_is_a_backend_like_any_other() -> None:
    async def make() -> Router:
        return two(ScriptedBackend("first"))

    await check_backend(make)


async def test_the_backend_that_has_the_voice_speaks() -> None:
    router = two(ScriptedBackend("first"))
    async with await router.synthesize(said("guten Tag", "klara")) as stream:
        assert (stream.source, stream.rate) == ("second/klara", 16_000)


async def test_of_two_backends_with_one_voice_the_preferred_speaks() -> None:
    router = two(ScriptedBackend("first"), ScriptedBackend("second", rate=8_000))
    assert [voice.name for voice in router.capabilities().voices] == ["ada"]
    assert (await speak(router, said("hello")))[0] == 22_050


@pytest.mark.parametrize(
    "broken",
    [ScriptedBackend("first", refuse="hello"), ScriptedBackend("first", first_chunk_s=60)],
    ids=["refuses", "is too slow"],
)
async def test_another_voice_of_the_language_speaks_when_the_first_cannot_begin(
    broken: ScriptedBackend, caplog: pytest.LogCaptureFixture
) -> None:
    router = two(broken)
    async with await router.synthesize(said("hello you")) as stream:
        assert stream.source == "second/bob"
    warnings = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert "ada cannot speak now: bob speaks instead" in warnings
    assert broken.speaking == 0


async def test_the_change_of_voice_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    router = two(ScriptedBackend("first", refuse="hello"))
    for _ in range(3):
        await speak(router, said("hello"))
    assert [r.levelno for r in caplog.records].count(logging.WARNING) == 1


@pytest.mark.parametrize("fault", ["die", "stall"])
async def test_a_sentence_broken_off_is_said_by_the_next_one_at_the_same_rate(fault: str) -> None:
    faults = {fault: "two"}
    first = ScriptedBackend("first", die=faults.get("die"), stall=faults.get("stall"))
    rate, samples = await speak(two(first), said("one two three four"))
    assert rate == 22_050
    # no alignment: half, then the clause from its start, faded in
    assert len(samples) / rate == pytest.approx(0.2 + 0.4 - FADE_S, abs=0.01)
    assert first.speaking == 0


async def test_a_backend_that_broke_off_is_asked_last_for_a_while() -> None:
    first = ScriptedBackend("first", die="two")
    router = two(first)
    await speak(router, said("one two three"))
    async with await router.synthesize(said("one")) as stream:
        assert stream.source == "second/bob"


async def test_a_prompt_refusal_is_not_held_against_anybody() -> None:
    router = two(ScriptedBackend("first", refuse="two"))
    await speak(router, said("two"))
    async with await router.synthesize(said("one")) as stream:
        assert stream.source == "first/ada"


async def test_nobody_left_is_an_error_that_says_so() -> None:
    with pytest.raises(NoBackend, match="ada"):
        await two(ScriptedBackend("first"), ScriptedBackend("second", refuse="")).synthesize(
            said("hello", "ada-nobody")
        )


async def test_nobody_left_inside_a_sentence_is_raised_by_the_stream() -> None:
    router = Router([ScriptedBackend("first", die="two")])
    stream = await router.synthesize(said("one two three"))
    with pytest.raises(NoBackend):
        [chunk async for chunk in stream]
    await stream.aclose()


async def test_a_cooling_backend_still_speaks_when_there_is_no_other() -> None:
    router = Router([ScriptedBackend("first", die="two")])
    with pytest.raises(NoBackend):
        await speak(router, said("one two three"))
    assert (await speak(router, said("one")))[1].size


async def test_closing_the_stream_stops_the_backend() -> None:
    first = ScriptedBackend("first")
    stream = await two(first).synthesize(said("one two three"))
    await stream.aclose()
    assert first.speaking == 0


async def test_cancelling_before_the_first_chunk_stops_the_backend() -> None:
    first = ScriptedBackend("first", first_chunk_s=60)
    task = asyncio.create_task(Router([first]).synthesize(said("one")))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert first.speaking == 0


def test_cooling_doubles_up_to_a_minute() -> None:
    now = [0.0]
    health = Health(clock=lambda: now[0])
    for expected in (*COOLING_S, COOLING_S[-1]):
        health.failed()
        now[0] = health.cooling_until - 0.01
        assert not health.is_up
        now[0] += 0.01
        assert health.is_up
        assert health.cooling_until <= now[0] + expected
    health.spoke()
    health.failed()
    assert health.cooling_until - now[0] == COOLING_S[0]


async def test_audio_is_passed_on_unchanged() -> None:
    backend = ScriptedBackend()
    request = said("one two three")
    direct, routed = await speak(backend, request), await speak(Router([backend]), request)
    assert np.array_equal(direct[1], routed[1])


async def test_the_same_refusal_again_is_worth_no_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    router = two(ScriptedBackend("first", refuse="two"))
    for text in ("two", "two", "one", "two"):
        await speak(router, said(text))
    told = [r.getMessage() for r in caplog.records if "first refuses" in r.getMessage()]
    assert len(told) == 2, "once, and once after it had spoken again"
