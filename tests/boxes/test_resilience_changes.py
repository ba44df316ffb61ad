"""Boxes come back, flap, are slow, full, or wrong about the time; homes start anew."""

import asyncio
import re
from pathlib import Path

from household import BOX_VOICE, LOCAL_RATE, household
from word_listeners import WORDS, Listener, listen, report, text_of

WRONG_CLOCK = """
import sys
import time
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() - 5e8
time.time_ns = lambda: _time_ns() - int(5e17)
sys.stderr.write(f"the year is {time.gmtime(time.time()).tm_year}\\n")
"""
"""Sixteen years ago, for a program that finds it on its path."""


async def test_a_flapping_box_is_not_heard(tmp_path: Path) -> None:
    async with household(tmp_path, 1) as house:
        (box,) = house.boxes
        await house.used_to()
        heard = []
        for _ in range(3):
            async with house.saying() as listener:
                await listener.heard(4)
                await box.kill()
                await box.start()
            heard.append(listener)
            heard.append(await house.say())
        report("flapping", *heard, expected="it, or the local voice, speaks")
        assert max(one.silent_s for one in heard) < 0.3


async def test_a_box_comes_back_with_a_wrong_clock_and_speaks_as_before(tmp_path: Path) -> None:
    async with household(tmp_path, 1) as house:
        (box,) = house.boxes
        await box.kill()
        await house.gone(box)
        assert (await house.say()).rate == LOCAL_RATE
        (box.packages / "sitecustomize.py").write_text(WRONG_CLOCK, "utf-8")
        await house.back(box)
        assert re.search(r"the year is 20[012]\d", box.log)
        heard = await house.say(WORDS[:24])
        assert heard.rate == box.rate
        report("back, its clock 16 years late", heard, expected="it speaks")


async def test_a_slow_cable_is_not_heard(tmp_path: Path) -> None:
    async with household(tmp_path, 2) as house:
        box = await house.used_to()
        async with house.saying() as heard:
            await heard.heard(4)
            box.cable.delay_s = 0.4
        after = await house.say(WORDS[:24])
        report("the cable becomes slow inside a sentence", heard, expected="another box goes on")
        report("slow cable", after, expected="another box speaks")
        assert heard.silent_s < 0.5
        assert after.first_s < 2


async def test_a_box_that_has_become_slow_is_not_waited_for(tmp_path: Path) -> None:
    async with household(tmp_path, 2) as house:
        box = await house.used_to()
        await box.kill()
        box.set({"engines__words__first_chunk_s": 5})
        await house.back(box)
        heard = [await house.say() for _ in range(4)]
        report("first chunk after 5 s", *heard, expected="another box speaks")
        assert max(one.first_s for one in heard) < 2


async def test_the_home_starts_anew_while_it_speaks(tmp_path: Path) -> None:
    async with household(tmp_path, 2) as house:
        await house.used_to()
        listening = asyncio.create_task(listen(house.uri, text_of(WORDS), Listener(), BOX_VOICE))
        await asyncio.sleep(0.3)
        await house.home.kill()
        assert not (await listening).ended, "the killed home cannot have told the ending"
        await house.home.start()
        first = await house.say()
        await house.met()
        then = await house.say()
        assert house.who(then)
        report("home killed and started", first, then, expected="whoever is there speaks")
        assert max(first.first_s, then.first_s) < 2


async def test_full_boxes_share_their_listeners(tmp_path: Path) -> None:
    async with household(tmp_path, 3, box={"server__limits__connections": 2}) as house:
        await house.used_to()
        async with asyncio.TaskGroup() as tasks:
            all_heard = [tasks.create_task(house.say(WORDS[n : n + 24])) for n in range(8)]
        heard = [task.result() for task in all_heard]
        report("8 listeners, room for 6", *heard, expected="boxes and the local voice share them")
        assert max(one.first_s for one in heard) < 2
        assert max(one.silent_s for one in heard) < 0.5
        assert len({one.rate for one in heard}) > 1
