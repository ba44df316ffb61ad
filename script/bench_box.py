"""What a box costs: the same engine in-process and in a box on loopback, in turn, in one run.

.venv/bin/python script/bench_box.py [sentences]
"""

import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.boxes.dialer import Address, Dialer
from wyoming_voiceclone.boxes.door import Door
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.servers.wyoming import Extension, WyomingServer
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.testing.scripted_engine import ScriptedEngineBackend, ScriptedSettings

WORDS = 50
"""Of 80 ms, as a codec's frames: 4 s of speech in 50 chunks."""
FAST = ScriptedSettings(rate=24_000, word_s=0.08)
LIVE = ScriptedSettings(rate=24_000, word_s=0.08, chunk_s=0.08)
"""As fast as it is heard."""
STREAMS = 8


@dataclass
class Times:
    first_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        first, total = self.first_ms, self.total_ms
        p95 = statistics.quantiles(first, n=20)[-1]
        return (
            f"| {name} | {statistics.median(first):.2f} ms | {p95:.2f} ms "
            f"| {statistics.median(total):.1f} ms |"
        )


async def box(folder: Path) -> None:
    """Be the box, until the standard input ends."""
    engines = {"fast": ScriptedEngineBackend(FAST), "live": ScriptedEngineBackend(LIVE)}
    server = WyomingServer(Speech(Router([engines["fast"]])))
    extensions = {name: Extension(engine) for name, engine in engines.items()}
    door = Door(Keyring(folder), server, extensions)
    await door.open("127.0.0.1", 0)
    print(door.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await door.aclose()
    await server.aclose()


async def measure(backend: Backend, times: Times) -> None:
    began = time.perf_counter()
    async with await backend.synthesize(SynthesisRequest("word " * WORDS, "ada")) as stream:
        times.first_ms.append((time.perf_counter() - began) * 1e3)
        async for _ in stream:
            pass
    times.total_ms.append((time.perf_counter() - began) * 1e3)


async def share(backend: Backend, *pids: int) -> float:
    """Of one CPU, per stream, of these processes together, while STREAMS are spoken live."""
    processes = [psutil.Process(pid) for pid in pids]
    before = sum(sum(one.cpu_times()[:2]) for one in processes)
    began = time.perf_counter()
    await asyncio.gather(*(measure(backend, Times()) for _ in range(STREAMS)))
    used_s = sum(sum(one.cpu_times()[:2]) for one in processes) - before
    return used_s / (time.perf_counter() - began) / STREAMS


async def main(sentences: int) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        key = Keyring(folder).issue("house")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        port = int(await process.stdout.readline()) if process.stdout else 0
        dialer = Dialer("box", key, lambda: Address("127.0.0.1", port))
        peers = {
            name: PeerBackend(f"{name}@box", "", dial=partial(dialer.link, name))
            for name in ("fast", "live")
        }
        results: dict[str, tuple[Backend, Times]] = {
            "in-process": (ScriptedEngineBackend(FAST), Times()),
            "box": (peers["fast"], Times()),
        }
        for backend, _ in results.values():
            await measure(backend, Times())
        for _ in range(sentences):
            for backend, times in results.values():
                await measure(backend, times)
                await asyncio.sleep(0.02)
        me = psutil.Process().pid
        cpu = (
            await share(ScriptedEngineBackend(LIVE), me),
            await share(peers["live"], me, process.pid),
        )
        await dialer.aclose()
        process.kill()
        await process.communicate()
    print("| | first chunk, median | p95 | whole sentence, median |\n|---|---|---|---|")
    for name, (_, times) in results.items():
        print(times.row(name))
    print(f"CPU per live stream: in-process {cpu[0]:.2%}, box and home together {cpu[1]:.2%}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments and not arguments[0].isdigit():
        asyncio.run(box(Path(arguments[0])))
    else:
        asyncio.run(main(int(arguments[0]) if arguments else 200))
