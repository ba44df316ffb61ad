"""What a worker costs: the same engine in-process and hosted, in turn, in one process.

.venv/bin/python script/bench_worker.py [sentences]
"""

import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from wyoming_voiceclone.backends import Backend, Folders, SynthesisRequest
from wyoming_voiceclone.testing.scripted_engine import (
    HOSTED_AS,
    ScriptedEngineBackend,
    ScriptedSettings,
)
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan

WORDS = 50
"""Of 80 ms, as a codec's frames: 4 s of speech in 50 chunks."""
SETTINGS = ScriptedSettings(rate=24_000, word_s=0.08)


@dataclass
class Times:
    first_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        first, total = self.first_ms, self.total_ms
        p95 = statistics.quantiles(first, n=20)[-1]
        return (
            f"| {name} | {statistics.median(first):.2f} ms | {p95:.2f} ms "
            f"| {statistics.median(total):.1f} ms | {min(total):.1f} ms |"
        )


async def measure(backend: Backend, times: Times) -> None:
    began = time.perf_counter()
    async with await backend.synthesize(SynthesisRequest("word " * WORDS, "ada")) as stream:
        times.first_ms.append((time.perf_counter() - began) * 1e3)
        async for _ in stream:
            pass
    times.total_ms.append((time.perf_counter() - began) * 1e3)


async def main(sentences: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        settings = SETTINGS.model_dump(mode="json")
        plan = WorkerPlan(HOSTED_AS, Folders(path, path, path), settings, name="worker")
        worker, direct = WorkerBackend(plan), ScriptedEngineBackend(SETTINGS)
        began = time.perf_counter()
        await worker.warm(["ada"])
        print(f"start: {time.perf_counter() - began:.2f} s")
        results: dict[str, tuple[Backend, Times]] = {
            "in-process": (direct, Times()),
            "worker": (worker, Times()),
        }
        for _ in range(sentences):
            for backend, times in results.values():
                await measure(backend, times)
        await worker.aclose()
    print("| | first chunk, median | p95 | whole sentence, median | best |\n|---|---|---|---|---|")
    for name, (_, times) in results.items():
        print(times.row(name))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
