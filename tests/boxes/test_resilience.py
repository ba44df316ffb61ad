"""Whatever happens to boxes is not heard: the right words, once and in order, and in time.

The figures for docs/resilience.md: `pytest -s tests/boxes/test_resilience*.py | grep "^| "`.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from household import LOCAL_RATE, BoxProgram, household
from word_listeners import WORDS, report

NOT_HEARD_S = 0.3
"""The ear takes a shorter silence for a pause."""
WAITED_S = 2.0
"""Until the first sound; on a machine that does other things, too."""


async def killed(box: BoxProgram) -> None:
    await box.kill()


async def frozen(box: BoxProgram) -> None:
    box.freeze()


async def cut_off(box: BoxProgram) -> None:
    box.cable.cut()


CUT_OFF_S = 3.0
"""When nothing tells that all are gone, the next box is waited for, too."""

FATES = pytest.mark.parametrize("fate", [killed, frozen, cut_off])


@FATES
async def test_what_happens_to_a_box_is_not_heard(
    fate: Callable[[BoxProgram], Awaitable[None]], tmp_path: Path
) -> None:
    async with household(tmp_path) as house:
        await fate(first := await house.used_to())
        before = await house.say(WORDS[:24])
        second = house.who(before)
        assert second is not first
        await house.used_to()
        async with house.saying() as inside:
            await inside.heard(12)
            await fate(second)
        assert inside.rate == second.rate
        report(f"{fate.__name__} before the utterance", before, expected="another box speaks")
        report(f"{fate.__name__} inside a sentence", inside, expected="another box goes on")
        assert before.first_s < WAITED_S
        assert max(before.silent_s, inside.silent_s) < NOT_HEARD_S


async def test_a_box_killed_between_two_sentences_is_not_heard(tmp_path: Path) -> None:
    async with household(tmp_path, 2) as house:
        speaking = await house.used_to()
        async with house.saying() as heard:
            await heard.heard(8)
            await speaking.kill()
        report("killed between sentences", heard, expected="another box goes on")
        assert heard.silent_s < NOT_HEARD_S


async def test_boxes_that_die_one_after_the_other_are_followed_by_a_local_voice(
    tmp_path: Path,
) -> None:
    async with household(tmp_path) as house:
        await house.used_to()
        async with house.saying(WORDS[:40]) as heard:
            for number, box in enumerate(house.boxes):
                await heard.heard(4 + 8 * number)
                await box.kill()
        after = await house.say(WORDS[:24])
        assert after.rate == LOCAL_RATE
        report("all killed, one after the other", heard, expected="the local voice goes on")
        report("all boxes gone", after, expected="the local voice speaks")
        assert heard.silent_s < NOT_HEARD_S
        assert after.first_s < WAITED_S


async def test_all_boxes_cut_off_at_once_are_followed_by_a_local_voice(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        await house.used_to()
        async with house.saying() as heard:
            await heard.heard(12)
            for box in house.boxes:
                box.cable.cut()
        report("all cut off inside a sentence", heard, expected="the local voice goes on")
        assert heard.silent_s < CUT_OFF_S
