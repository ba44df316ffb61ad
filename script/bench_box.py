"""What the link to a box costs: the same engine in-process and on a box, in turn, in one process.

.venv/bin/python script/bench_box.py [sentences] [real-time factor]

The box is a process of its own on the loopback; both sides' CPU is counted. With a factor of 1 the
chunks come one by one, as from an engine that is just fast enough; with 0 (usual) all at once.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from household import BOX_VOICE, BoxProgram

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.boxes.dialer import Address, Dialer
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.testing.word_tones import (
    WORD_S,
    WordTonesBackend,
    WordTonesSettings,
)

WORDS, RATE = 40, 24_000
"""4 s of speech, in 40 chunks."""


@dataclass
class Costs:
    first_ms: list[float] = field(default_factory=list)
    home_s: float = 0.0
    """Of CPU here."""
    box_s: float = 0.0
    """Of CPU on the box."""

    def row(self, name: str, audio_s: float) -> str:
        p95 = statistics.quantiles(self.first_ms, n=20)[-1]
        return (
            f"| {name} | {statistics.median(self.first_ms):.2f} ms | {p95:.2f} ms "
            f"| {self.home_s / audio_s:.2%} | {self.box_s / audio_s:.2%} |"
        )


@asynccontextmanager
async def linked(folder: Path, factor: float) -> AsyncIterator[tuple[PeerBackend, psutil.Process]]:
    """The engine as a box lends it, and the box's process."""
    settings = {"engines__words__real_time_factor": factor}
    box = await asyncio.to_thread(BoxProgram, folder / "box", "gpu", RATE, settings)
    async with box:
        ring = await asyncio.to_thread(Keyring, box.data / "box")
        key = await asyncio.to_thread(ring.issue, "bench")
        dialer = Dialer("gpu", key, lambda: Address("127.0.0.1", box.port))
        peer = PeerBackend("words@gpu", "", dial=lambda: dialer.link("words"))
        try:
            peer.know((await dialer.offer()).engines[0])
            yield peer, psutil.Process(box.pid)
        finally:
            await peer.aclose()
            await dialer.aclose()


async def measure(backend: Backend, costs: Costs, box: psutil.Process, pause_s: float) -> None:
    """One sentence, after a pause in which the next link becomes ready."""
    await asyncio.sleep(pause_s)
    here, there = time.process_time(), _cpu_s(box)
    began = time.perf_counter()
    async with await backend.synthesize(SynthesisRequest("word " * WORDS, BOX_VOICE)) as stream:
        costs.first_ms.append((time.perf_counter() - began) * 1e3)
        async for _ in stream:
            pass
    costs.home_s += time.process_time() - here
    await asyncio.sleep(0.02)  # what the box does after the last chunk counts, too
    costs.box_s += _cpu_s(box) - there


def _cpu_s(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


async def main(sentences: int, factor: float) -> None:
    settings = WordTonesSettings(rate=RATE, voice=BOX_VOICE, real_time_factor=factor)
    direct, costs = WordTonesBackend(settings), (Costs(), Costs())
    with tempfile.TemporaryDirectory() as folder:
        async with linked(Path(folder), factor) as (peer, box):
            for backend in (direct, peer):  # the first of each is not counted
                await measure(backend, Costs(), box, 0.1)
            for _ in range(sentences):
                await measure(direct, costs[0], box, 0.02)
                await measure(peer, costs[1], box, 0.02)
    audio_s = sentences * WORDS * WORD_S
    print(f"{sentences} sentences of {WORDS * WORD_S:.0f} s; CPU per second of audio")
    print("| | first chunk, median | p95 | CPU at home | CPU on the box |\n|---|---|---|---|---|")
    print(costs[0].row("in-process", audio_s))
    print(costs[1].row("on a box", audio_s))
    added = statistics.median(costs[1].first_ms) - statistics.median(costs[0].first_ms)
    print(f"the link adds {added:.2f} ms to the first chunk")


if __name__ == "__main__":
    given = [*map(float, sys.argv[1:]), *(200, 0)[len(sys.argv) - 1 :]]
    asyncio.run(main(int(given[0]), given[1]))
