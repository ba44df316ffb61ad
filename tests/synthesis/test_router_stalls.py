"""Inside a sentence: stalls by the listener's clock, takeovers in time, at one loudness."""

import asyncio
import random

import numpy as np
import pytest
from simulated import Heard, house, listen

from wyoming_voiceclone.aio import now
from wyoming_voiceclone.audio.loudness import LoudnessBook
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.audio.speech_level import SpeechLevel
from wyoming_voiceclone.backends import AudioStream, SynthesisRequest
from wyoming_voiceclone.backends.scripted import Delay, ScriptedBackend
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.takeover import FADE_S
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.testing.virtual_time import run_virtually

WORDS = "one two three four five six seven eight"
STALLS = "STOP two three four five six seven eight"


def box(chunk_s: Delay = 0.05, die: str | None = None) -> ScriptedBackend:
    return ScriptedBackend(
        "box", rate=8_000, word_s=0.25, chunk_s=chunk_s, stall="STOP", die=die, aligned=True
    )


def cpu(first_chunk_s: Delay = 0.1) -> ScriptedBackend:
    return ScriptedBackend(
        "cpu", rate=8_000, word_s=0.25, first_chunk_s=first_chunk_s, aligned=True
    )


async def met(router: Router) -> None:
    """Both have spoken often enough to be known."""
    for _ in range(10):
        await listen(router, WORDS)
    gone = router.leave("box")
    for _ in range(5):
        await listen(router, WORDS)
    assert gone
    rest = router.leave("cpu")
    assert rest
    router.join(gone)
    router.join(rest)


def test_a_stall_is_taken_over_before_the_listener_runs_dry() -> None:
    router = Router([box(), cpu()])

    async def work() -> Heard:
        await met(router)
        return await listen(router, STALLS)

    heard, there = house(router, work())
    assert heard.source == "cpu/ada"
    assert heard.silent_s == 0
    assert (there["box"].taken_over, there["cpu"].took_over) == (1, 1)


@pytest.mark.parametrize("first_chunk_s", [0.1, 0.3])
def test_where_nothing_was_left_to_hear_the_gap_is_short(first_chunk_s: float) -> None:
    router = Router([box(0.25), cpu(first_chunk_s)])  # never ahead of its listener

    async def work() -> Heard:
        await met(router)
        return await listen(router, STALLS)

    heard = run_virtually(work())
    assert heard.source == "cpu/ada"
    assert heard.silent_s < 0.3 + 0.3


def test_an_engine_slower_than_speech_is_let_speak() -> None:
    router = Router([box(0.6), cpu()])

    async def work() -> list[Heard]:
        return [await listen(router, WORDS) for _ in range(30)]

    heard, there = house(router, work())
    assert {each.source for each in heard} == {"box/ada"}
    assert there["cpu"].hedges == 0


def test_an_engine_of_uneven_pace_is_let_speak() -> None:
    draw = random.Random(5)
    router = Router([box(lambda: draw.choice([0.01, 0.01, 0.4])), cpu()])

    async def work() -> list[Heard]:
        return [await listen(router, WORDS) for _ in range(100)]

    heard, there = house(router, work())
    assert {each.source for each in heard} == {"box/ada"}
    assert there["box"].taken_over == 0


def test_one_that_goes_on_after_a_pause_keeps_the_word() -> None:
    delays = [0.05]
    follower = cpu()
    router = Router([box(lambda: delays[0]), follower])

    async def work() -> Heard:
        await met(router)
        playback = Playback(now)
        said = len(follower.spoken)
        request = SynthesisRequest(WORDS, "ada", playback=playback)
        async with await router.synthesize(request) as stream:
            async for chunk in stream:
                playback.hand_over(len(chunk) / stream.rate)
                delays[0] = 0.35 if playback.ahead_s > 0.5 else 0.05
        await asyncio.sleep(1)
        assert follower.speaking == 0
        assert len(follower.spoken) <= said + 2
        return Heard(0, stream.heard[-1], 0)

    assert run_virtually(work()).source == "box/ada"


@pytest.mark.parametrize(("die", "stall"), [("two", None), (None, "two")])
def test_every_word_is_said_once_and_the_sentence_ends(die: str | None, stall: str | None) -> None:
    first = ScriptedBackend("box", rate=8_000, aligned=True, die=die, stall=stall)
    router = Router([first, ScriptedBackend("cpu", rate=16_000, aligned=True)])
    rate, samples = run_virtually(speak(router, SynthesisRequest("one two three four", "ada")))
    assert rate == 8_000
    assert len(samples) / rate == pytest.approx(0.4, abs=0.002)
    assert first.speaking == 0


def test_whoever_broke_off_is_not_asked_again_in_the_utterance() -> None:
    router = Router([box(die="bad"), cpu()])

    async def work() -> list[str]:
        playback = Playback(now)
        texts = ["one two", "one bad two three", "four five", "six seven"]
        heard = []
        for text in texts:
            heard.append((await listen(router, text, playback)).source)
            await asyncio.sleep(3)
        return [*heard, (await listen(router, "one two")).source]

    assert run_virtually(work()) == ["box/ada", "cpu/ada", "cpu/ada", "cpu/ada", "box/ada"]


def loud(book: LoudnessBook, source: str, level_db: float) -> None:
    for _ in range(20):
        book.learn(source, 1.0, SpeechLevel(level_db, level_db + 12, 10.0))


def test_the_follower_is_as_loud_as_whoever_began() -> None:
    book = LoudnessBook()
    loud(book, "box/ada", -30)
    loud(book, "cpu/ada", -18)
    first, second = box(die="two"), ScriptedBackend("cpu", rate=8_000, word_s=0.25, aligned=True)
    router = Router([first, second], loudness=book)
    rate, samples = run_virtually(speak(router, SynthesisRequest("one two three four", "ada")))
    half = len(samples) // 2 + round(FADE_S * rate)
    change_db = 20 * np.log10(np.abs(samples[half:]).max() / np.abs(samples[: half // 2]).max())
    assert change_db == pytest.approx(-12, abs=0.5)


async def test_two_listeners_do_not_disturb_each_other() -> None:
    first = ScriptedBackend("box", die="bad", aligned=True, hz=lambda _: 500)
    second = ScriptedBackend(
        "cpu", aligned=True, hz=lambda request: 900 if "bad" in request.text else 1300
    )
    router = Router([first, second])

    async def heard(text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return (await speak(router, SynthesisRequest(text, "ada")))[1]

    good, bad = "one two three four", "one two bad four five six"
    alone = [await heard(good)]
    together = await asyncio.gather(*(heard(text) for text in (good, bad, good, bad, good)))
    assert all(np.array_equal(alone[0], one) for one in together[::2])
    assert np.array_equal(together[1], together[3])


async def test_a_listener_who_goes_during_a_hedge_leaves_nothing_behind() -> None:
    slow = [0.0]
    first = ScriptedBackend("box", first_chunk_s=lambda: slow[0])
    second = ScriptedBackend("cpu", first_chunk_s=5)
    router = Router([first, second])
    for _ in range(5):
        await speak(router, SynthesisRequest("one", "ada"))
    slow[0] = 5.0
    waiting: asyncio.Task[AudioStream]
    waiting = asyncio.create_task(router.synthesize(SynthesisRequest("one", "ada")))
    await asyncio.sleep(0.5)
    assert second.speaking == 1
    waiting.cancel()
    await asyncio.wait({waiting})
    assert (first.speaking, second.speaking) == (0, 0)
    assert [each.in_flight for each in router.report()] == [0, 0]
