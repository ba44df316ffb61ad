"""Minutes of eight listeners while boxes are killed, frozen and started again at random.

.venv/bin/python script/chaos.py [minutes] [seed]

Exits with 1 when an utterance was lost, or somebody heard somebody else.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from household import BOX_VOICE, LOCAL_RATE, BoxProgram, Household, household
from word_listeners import WORDS, Listener, listen, text_of

from wyoming_voiceclone.testing.word_tones import words_in

LISTENERS, OWN_WORDS = 8, 5
SENTENCES, A_SENTENCE = 3, 5
GIVE_UP_S = 40.0


@dataclass
class Tally:
    heard: list[Listener] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    harm: dict[str, int] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)

    def judge(self, listener: Listener, text: str, own: Sequence[str]) -> None:
        said = listener.words()
        self.heard.append(listener)
        if listener.error or not listener.ended or listener.starts != 1:
            self.lost.append(listener.error or f"{listener.starts} starts, {said}")
        elif set(said) & (set(WORDS) - set(own)):
            self.crossed.append(f"{text} was heard as {said}")
        elif said != words_in(text):
            self.wrong.append(f"{text} was heard as {said}")


async def one_listener(house: Household, number: int, tally: Tally, dice: random.Random) -> None:
    """Speak for ever, each time other sentences of its own words."""
    own = WORDS[number * OWN_WORDS : (number + 1) * OWN_WORDS]
    while True:
        words = [word for _ in range(SENTENCES) for word in dice.sample(own, A_SENTENCE)]
        listener, text = Listener(), text_of(words, A_SENTENCE)
        try:
            async with asyncio.timeout(GIVE_UP_S):
                await listen(house.uri, text, listener, BOX_VOICE)
        except TimeoutError:
            listener.error = f"no end within {GIVE_UP_S:.0f} s"
        tally.judge(listener, text, own)
        await asyncio.sleep(dice.uniform(0, 1))


async def harm(box: BoxProgram, tally: Tally, dice: random.Random) -> None:
    """For ever: something happens to the box, and a while later it is well again."""
    while True:
        await asyncio.sleep(dice.uniform(0.5, 15))
        what = dice.choice(["killed", "killed", "frozen", "cut off"])
        tally.harm[what] = tally.harm.get(what, 0) + 1
        await suffer(box, what, dice.uniform(0.1, 8))


async def suffer(box: BoxProgram, what: str, seconds: float) -> None:
    """Return when it is well again."""
    if what == "killed":
        await box.kill()
        await asyncio.sleep(seconds)
        await box.start()
    elif what == "frozen":
        box.freeze()
        await asyncio.sleep(seconds)
        box.thaw()
    else:
        box.cable.cut()
        await asyncio.sleep(seconds)
        box.cable.mend()


async def weigh(pid: int, tally: Tally) -> None:
    while True:
        await asyncio.sleep(10)
        tally.memory_mb.append(memory_mb(pid))


def memory_mb(pid: int) -> float:
    """What the process holds."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


async def main(minutes: float, seed: int) -> int:
    """The exit status."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        async with household(Path(folder), 3) as house:
            works = [
                one_listener(house, number, tally, random.Random(seed + number))  # noqa: S311 -- a game
                for number in range(LISTENERS)
            ]
            works += [
                harm(box, tally, random.Random(seed + box.rate))  # noqa: S311
                for box in house.boxes
            ]
            works.append(weigh(house.home.pid, tally))
            tasks = [asyncio.create_task(work) for work in works]
            began = time.monotonic()
            done, pending = await asyncio.wait(
                tasks, timeout=minutes * 60, return_when=asyncio.FIRST_COMPLETED
            )
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)
            for task in done:
                task.result()
            print(f"{time.monotonic() - began:.0f} s, seed {seed}")
    return tell(tally)


def tell(tally: Tally) -> int:
    first = sorted(one.first_s for one in tally.heard)
    silent = sorted(one.silent_s for one in tally.heard)
    local = sum(one.rate == LOCAL_RATE for one in tally.heard)
    print(f"utterances {len(tally.heard)}, begun by the local voice {local}; boxes: {tally.harm}")
    print(f"lost {len(tally.lost)}, crossed {len(tally.crossed)}, wrong words {len(tally.wrong)}")
    for name, values in (("first audio", first), ("longest silence", silent)):
        p50, p99 = statistics.median(values), values[int(0.99 * len(values))]
        p95 = values[int(0.95 * len(values))]
        print(f"{name}: median {p50:.3f}, p95 {p95:.3f}, p99 {p99:.3f}, most {values[-1]:.3f} s")
    memory = tally.memory_mb
    if memory:
        middle = memory[len(memory) // 2]
        print(f"memory of the home: {memory[0]:.1f}, {middle:.1f}, {memory[-1]:.1f} MB")
    for fault in (tally.lost + tally.crossed + tally.wrong)[:20]:
        print(fault)
    return int(bool(tally.lost or tally.crossed or tally.wrong))


if __name__ == "__main__":
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    sys.exit(asyncio.run(main(minutes, int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
