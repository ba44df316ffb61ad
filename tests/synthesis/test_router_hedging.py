"""A backend that is late sometimes is not waited for; one that is slow always is."""

import asyncio
import random

import pytest
from simulated import TEXT, Heard, around, house, listen, quantile, sometimes

from wyoming_voiceclone.aio import now
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends.scripted import Delay, ScriptedBackend
from wyoming_voiceclone.synthesis.deadlines import SOONER_S, STRANGER_S
from wyoming_voiceclone.synthesis.race import Allowance
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.testing.virtual_time import run_virtually
from wyoming_voiceclone.voices import Voice

BOB = Voice("bob", ("en-GB", "en"))
SENTENCES = 1_000


def box(first_chunk_s: Delay, **script: Delay) -> ScriptedBackend:
    return ScriptedBackend("box", first_chunk_s=first_chunk_s, rate=8_000, **script)  # type: ignore[arg-type]


def cpu(first_chunk_s: Delay = 0.15) -> ScriptedBackend:
    """Another engine, with the same voice."""
    return ScriptedBackend("cpu", first_chunk_s=first_chunk_s, rate=8_000)


def stranger(first_chunk_s: Delay = 0.15) -> ScriptedBackend:
    return ScriptedBackend("cpu", voices=[BOB], first_chunk_s=first_chunk_s, rate=8_000)


async def sentences(router: Router, count: int, rest_s: float = 5.0) -> list[Heard]:
    heard = []
    for _ in range(count):
        heard.append(await listen(router))
        await asyncio.sleep(rest_s)
    return heard


def firsts(heard: list[Heard]) -> list[float]:
    return [each.first_s for each in heard]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_box_that_is_late_in_one_of_twenty_cases_is_not_heard_to_be(seed: int) -> None:
    """The issue's own measure: p99 within 100 ms of the CPU's own, wasted work below 10 %."""
    draw = random.Random(seed)
    often = around(draw, 0.08)
    gpu = box(sometimes(draw, 0.05, 5.0, often), chunk_s=0.02)
    router = Router([gpu, cpu(around(draw, 0.25))])

    async def work() -> tuple[list[Heard], float]:
        heard = await sentences(router, SENTENCES)
        own = Router([cpu(around(random.Random(seed), 0.25))])
        alone = await sentences(own, SENTENCES)
        return heard, quantile(firsts(alone), 0.99)

    (heard, own_s), there = house(router, work())
    assert quantile(firsts(heard[20:]), 0.99) <= own_s + 0.1
    spent_s = sum(each.wasted_s for each in there.values())
    spoken_s = sum(each.first_s for each in heard) + SENTENCES * 0.02 * len(TEXT.split())
    assert spent_s / (spent_s + spoken_s) < 0.1
    assert sum(each.source == "box/ada" for each in heard) > 0.92 * SENTENCES
    assert there["cpu"].hedges_dropped < 0.1 * SENTENCES


def test_a_backend_that_is_slow_every_time_keeps_its_voice() -> None:
    router = Router([box(around(random.Random(1), 2.0)), cpu(0.05)])
    heard, there = house(router, sentences(router, 200))
    assert sum(each.source == "box/ada" for each in heard) > 190
    assert there["cpu"].hedges < 20


def test_a_voice_does_not_change_to_be_heard_a_moment_sooner() -> None:
    draw = random.Random(1)
    router = Router([box(sometimes(draw, 0.05, SOONER_S, around(draw, 0.03))), cpu(0.01)])
    heard = run_virtually(sentences(router, 200))
    assert {each.source for each in heard} == {"box/ada"}


def test_somebody_else_is_heard_only_after_a_wait_that_is_worse() -> None:
    slow = [0.1]
    router = Router([box(lambda: slow[0]), stranger()])

    async def work() -> list[Heard]:
        await sentences(router, 20)
        heard = []
        for slow[0] in (STRANGER_S - 0.1, 60.0):
            heard += await sentences(router, 1)
        return heard

    heard = run_virtually(work())
    assert [each.source for each in heard] == ["box/ada", "cpu/bob"]
    assert heard[1].first_s == pytest.approx(STRANGER_S, abs=0.1)


def test_a_box_that_became_slow_is_waited_for_again_once_that_is_known() -> None:
    speed = [0.1]
    router = Router([box(lambda: speed[0]), cpu()])

    async def work() -> list[Heard]:
        await sentences(router, 50)
        speed[0] = 0.6
        return await sentences(router, 400, rest_s=20)

    heard = run_virtually(work())
    assert all(each.first_s < 1.0 for each in heard)
    assert {each.source for each in heard[-50:]} == {"box/ada"}


def test_whoever_still_has_seconds_to_hear_waits_without_a_hedge() -> None:
    slow = [0.1]
    router = Router([box(lambda: slow[0]), cpu()])

    async def work() -> Heard:
        await sentences(router, 20)
        slow[0] = 4.0
        playback = Playback(now)
        playback.hand_over(6.0)
        return await listen(router, playback=playback)

    heard, there = house(router, work())
    assert (heard.source, there["cpu"].hedges) == ("box/ada", 0)


def test_a_hedge_is_there_when_the_listener_runs_dry() -> None:
    slow = [0.1]
    router = Router([box(lambda: slow[0]), cpu(0.5)])

    async def work() -> Heard:
        await sentences(router, 20)
        slow[0] = 60.0
        await sentences(router, 3, rest_s=30)  # how soon the other is, is not known before
        slow[0] = 0.1
        await sentences(router, 30, rest_s=10)
        slow[0] = 7.0
        playback = Playback(now)
        playback.hand_over(3.0)
        return await listen(router, playback=playback)

    heard, there = house(router, work())
    assert heard.source == "cpu/ada"
    assert heard.first_s == pytest.approx(2.95, abs=0.01)
    assert there["cpu"].hedges == 4


def test_a_hedge_that_is_not_needed_is_closed() -> None:
    slow = [0.1]
    follower = cpu(0.15)
    router = Router([box(lambda: slow[0]), follower])

    async def work() -> Heard:
        await sentences(router, 20)
        slow[0] = 0.25
        heard = await listen(router)
        await asyncio.sleep(0.01)
        return heard

    heard, there = house(router, work())
    assert heard.source == "box/ada"
    assert (len(follower.spoken), follower.speaking) == (1, 0)
    assert (there["cpu"].hedges, there["cpu"].hedges_dropped) == (1, 1)


def test_a_hedge_that_was_not_needed_may_be_later() -> None:
    slow = [0.1]
    first = ScriptedBackend("box", first_chunk_s=lambda: slow[0], die="bad", rate=8_000)
    router = Router([first, cpu(0.15)])

    async def work() -> Heard:
        await sentences(router, 20)
        slow[0] = 0.25
        return await listen(router, "one bad two three")

    heard, there = house(router, work())
    assert heard.source == "cpu/ada"
    assert (there["cpu"].hedges_dropped, there["cpu"].took_over) == (1, 1)


def test_there_is_one_hedge_for_ten_sentences_and_three_after_quiet_times() -> None:
    allowance = Allowance()
    for _ in range(100):
        allowance.earn()
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    for _ in range(11):
        allowance.earn()
    assert [allowance.take() for _ in range(2)] == [True, False]


def test_a_box_that_is_late_again_and_again_is_left_alone_for_a_while() -> None:
    slow = [0.1]
    router = Router([box(lambda: slow[0]), cpu()])

    async def work() -> list[Heard]:
        await sentences(router, 20)
        slow[0] = 60.0
        return await sentences(router, 20, rest_s=0.1)

    heard, there = house(router, work())
    assert {each.source for each in heard} == {"cpu/ada"}
    assert sum(each.first_s > 0.2 for each in heard) < 7
    assert there["box"].late >= 2


def test_when_all_are_slow_nobody_is_doubled_without_end() -> None:
    slow = [1.0]
    first, second = box(lambda: 0.1 * slow[0]), cpu(lambda: 0.15 * slow[0])
    router = Router([first, second])

    async def work() -> None:
        await sentences(router, 50)
        slow[0] = 4.0
        await sentences(router, 100)

    _, there = house(router, work())
    assert there["cpu"].hedges < 40


def test_a_backend_heard_for_the_first_time_has_the_configured_time() -> None:
    heard = run_virtually(listen(Router([box(3.0), cpu()])))
    assert heard.source == "box/ada"


def test_a_backend_not_heard_for_long_may_load_its_model_again() -> None:
    slow = [0.1]
    router = Router([box(lambda: slow[0]), cpu()])

    async def work() -> Heard:
        await sentences(router, 20)
        await asyncio.sleep(3600)
        slow[0] = 1.2
        return await listen(router)

    assert run_virtually(work()).source == "box/ada"
