"""What the router costs: a sentence through it, beside the same sentence without it.

Usage: python script/bench_router.py [SENTENCES]
"""

import asyncio
import statistics
import sys
import time

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.scripted import ADA, ScriptedBackend
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.voices import Voice

TEXT = "one two three four"
OTHERS = [Voice(f"voice-{number}", ("en-US", "en")) for number in range(200)]


async def first_and_whole_s(backend: Backend) -> tuple[float, float]:
    started = time.perf_counter()
    async with await backend.synthesize(SynthesisRequest(TEXT, "ada", language="en")) as stream:
        first_s = time.perf_counter() - started
        async for _ in stream:
            pass
    return first_s, time.perf_counter() - started


def house() -> list[ScriptedBackend]:
    """Three with the voice, two of them alike, and one without; each with 200 others."""
    with_it, without = [*OTHERS, ADA], OTHERS
    names = {"csm@gpu": with_it, "csm": with_it, "pocket": with_it, "espeak": without}
    return [ScriptedBackend(name, voices=voices) for name, voices in names.items()]


async def main(sentences: int) -> None:
    direct, router = house()[0], Router(house())
    for _ in range(200):  # until everything is known
        await first_and_whole_s(router)
    alone, routed = [], []
    for _ in range(sentences):
        alone.append(await first_and_whole_s(direct))
        routed.append(await first_and_whole_s(router))
    for number, part in enumerate(("first chunk", "sentence")):
        costs = [
            statistics.median(times[number] for times in measured) * 1e3
            for measured in (alone, routed)
        ]
        print(f"{part}: {costs[0]:.3f} ms alone, {costs[1]:.3f} ms routed")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
