"""Of backends that sound the same whoever is soonest speaks; seats; and who listens to whom."""

import asyncio
from collections.abc import Sequence

import pytest
from simulated import TEXT, Heard, house, listen

from wyoming_voiceclone.aio import now
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import NoBackend
from wyoming_voiceclone.synthesis.roster import by_names
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.testing.virtual_time import run_virtually
from wyoming_voiceclone.voices import Voice


def csm(box: str, first_chunk_s: float, *, revision: str = "1") -> ScriptedBackend:
    voice = Voice("ada", ("en",), revision=revision)
    name = f"csm@{box}" if box else "csm"
    return ScriptedBackend(name, voices=[voice], first_chunk_s=first_chunk_s, rate=8_000)


async def several(router: Router, count: int) -> list[Heard]:
    return list(await asyncio.gather(*(listen(router) for _ in range(count))))


async def routed(backends: Sequence[ScriptedBackend], sentences: int = 5) -> Router:
    """A router that knows how soon each of them is."""
    router = Router([], rank=by_names([backend.name for backend in backends]))
    for backend in backends:
        router.join(backend)
        for _ in range(sentences):
            await listen(router)
        router.leave(backend.name)
    for backend in backends:
        router.join(backend)
    return router


def test_of_two_boxes_with_one_engine_the_sooner_speaks() -> None:
    async def work() -> Heard:
        return await listen(await routed([csm("slow", 0.5), csm("fast", 0.1)]))

    assert run_virtually(work()).source == "csm@fast/ada"


def test_preference_decides_where_nobody_hears_a_difference() -> None:
    async def work() -> Heard:
        return await listen(await routed([csm("first", 0.14), csm("second", 0.1)]))

    assert run_virtually(work()).source == "csm@first/ada"


@pytest.mark.parametrize(
    "other", [ScriptedBackend("pocket", rate=8_000), csm("b", 0, revision="2")]
)
def test_preference_alone_decides_between_those_that_sound_different(
    other: ScriptedBackend,
) -> None:
    async def work() -> Heard:
        return await listen(await routed([csm("a", 0.4), other]))

    assert run_virtually(work()).source == "csm@a/ada"


def test_an_utterance_stays_where_it_is_while_nobody_hears_a_difference() -> None:
    async def work() -> list[str]:
        router = await routed([csm("one", 0.1), csm("two", 0.12)])
        playback = Playback(now)
        preferred = router.leave("csm@one")
        assert preferred is not None
        heard = [await listen(router, playback=playback)]
        router.join(preferred)
        heard += [await listen(router, playback=playback), await listen(router)]
        return [each.source for each in heard]

    assert run_virtually(work()) == ["csm@two/ada", "csm@two/ada", "csm@one/ada"]


def test_a_box_that_is_busy_gives_way_to_one_that_sounds_the_same() -> None:
    one, two = csm("one", 0.2), csm("two", 0.2)

    async def work() -> list[Heard]:
        router = await routed([one, two])
        first = asyncio.create_task(several(router, 3))
        await asyncio.sleep(0.01)
        return [*(await several(router, 1)), *(await first)]

    heard = run_virtually(work())
    assert {each.source for each in heard} == {"csm@one/ada", "csm@two/ada"}


def test_one_that_sounds_the_same_is_begun_beside_a_late_one_and_the_first_is_heard() -> None:
    delay = [0.1]
    late = csm("a", 0)
    late._first_chunk_s = lambda: delay[0]

    async def work() -> Heard:
        router = await routed([late, csm("b", 0.1)], sentences=10)
        delay[0] = 3.0
        return await listen(router)

    heard = run_virtually(work())
    assert heard.source == "csm@b/ada"
    assert heard.first_s < 0.25


def test_no_more_than_its_seats_speak_at_once_and_the_others_are_answered_by_others() -> None:
    gpu = csm("gpu", 0.1)
    router = Router([gpu, ScriptedBackend("cpu", rate=8_000)], busy={"csm": 2})
    heard = run_virtually(several(router, 4))
    assert sorted(each.source for each in heard) == ["cpu/ada"] * 2 + ["csm@gpu/ada"] * 2
    assert all(each.first_s < 0.2 for each in heard)


def test_where_there_is_nobody_else_one_waits_for_a_seat_in_turn() -> None:
    gpu = ScriptedBackend("gpu", first_chunk_s=0.1, chunk_s=0.1, rate=8_000)
    heard = run_virtually(several(Router([gpu], busy={"gpu": 1}), 3))
    assert [each.source for each in heard] == ["gpu/ada"] * 3
    seconds = 0.1 + len(TEXT.split()) * 0.1
    assert [each.first_s for each in heard] == pytest.approx(
        [0.1, 0.1 + seconds, 0.1 + 2 * seconds], abs=0.05
    )


def test_a_seat_that_does_not_get_free_is_no_fault_of_the_backend() -> None:
    gpu = ScriptedBackend("gpu", stall="one", rate=8_000)
    router = Router([gpu], RouterLimits(first_chunk_s=1, next_chunk_s=100), busy={"gpu": 1})

    async def work() -> None:
        held = await router.synthesize(SynthesisRequest("one two three", "ada"))
        with pytest.raises(NoBackend):
            await listen(router)
        await held.aclose()
        assert (await listen(router)).source == "gpu/ada"

    _, there = house(router, work())
    assert (there["gpu"].failed, there["gpu"].refused) == (0, 1)


def test_seats_are_given_back_however_a_sentence_ends() -> None:
    gpu = ScriptedBackend("gpu", refuse="no", die="bad", rate=8_000)
    router = Router([gpu], busy={"gpu": 1})

    async def work() -> None:
        for text in ("no", "bad one here"):
            with pytest.raises(NoBackend):
                await listen(router, text)
        stream = await router.synthesize(SynthesisRequest("one two three", "ada"))
        await stream.aclose()
        await stream.aclose()
        waiting = asyncio.create_task(listen(router))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        await asyncio.sleep(61)
        assert (await listen(router)).source == "gpu/ada"
        assert [each.in_flight for each in router.report()] == [0]

    run_virtually(work())
