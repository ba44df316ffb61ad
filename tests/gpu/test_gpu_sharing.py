"""Room is made on a scripted GPU, with real time and a stand-in for Ollama."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.gpu import Place, Sharing, SharingLimits, Tenant
from wyoming_voiceclone.gpu.ollama import Ollama
from wyoming_voiceclone.testing.local_ollama import LocalOllama
from wyoming_voiceclone.testing.scripted_gpu import ScriptedGpu

LIMITS = SharingLimits(headroom_mb=300, settle_s=0.3, ollama_s=0.5, watch_s=0.02, yield_after_s=60)


@dataclass(frozen=True)
class Now:
    state: str = "stopped"
    pid: int | None = None
    idle_s: float | None = None


class Engine:
    """Holds memory of the scripted GPU until it is stopped."""

    def __init__(self, name: str, gpu: ScriptedGpu, *, pid: int = 0) -> None:
        self.name, self._gpu, self._pid = name, gpu, pid
        self.now = Now()
        self.stopped = 0

    def there(self, mb: int, idle_s: float | None, *, device: int = 0) -> "Engine":
        self._gpu.hold(self.name, mb, pid=self._pid, device=device)
        self.now = Now("ready" if idle_s is not None else "busy", self._pid, idle_s)
        return self

    def status(self) -> Now:
        return self.now

    async def stop(self, grace_s: float) -> None:
        assert grace_s == 0
        self.stopped += 1
        self._gpu.release(self.name)
        self.now = Now()


def admitted(sharing: Sharing, engine: Engine, needs_mb: int = 4500, device: str = "auto") -> Place:
    return sharing.admit(Tenant(engine, needs_mb, device))


@asynccontextmanager
async def shared(
    gpu: ScriptedGpu, ollama: LocalOllama | None = None, limits: SharingLimits = LIMITS
) -> AsyncIterator[Sharing]:
    sharing = Sharing(gpu, limits, ollama=Ollama(ollama.url) if ollama else None)
    yield sharing
    await sharing.aclose()
    assert gpu.closed


async def test_where_there_is_room_nobody_is_disturbed() -> None:
    gpu = ScriptedGpu(12_000)
    async with LocalOllama(gemma3=5000) as server, shared(gpu, server) as sharing:
        resting = Engine("xtts", gpu).there(3000, 500.0)
        admitted(sharing, resting)
        async with admitted(sharing, Engine("csm", gpu)).loading():
            pass
        assert not resting.stopped
        assert not server.asked


async def test_without_a_gpu_to_see_engines_load_as_ever() -> None:
    for gpu in (ScriptedGpu(fault="no NVIDIA driver is here"), ScriptedGpu()):
        async with shared(gpu) as sharing, admitted(sharing, Engine("csm", gpu)).loading():
            pass


async def test_our_idle_engine_goes_first_then_the_language_model() -> None:
    gpu = ScriptedGpu(12_000)
    async with LocalOllama(gemma3=8000) as server, shared(gpu, server) as sharing:
        server.on_unload, server.unload_s = gpu.release, 0.2
        gpu.hold("gemma3", 8000)
        resting = Engine("xtts", gpu).there(3500, 500.0)
        admitted(sharing, resting)
        async with admitted(sharing, Engine("csm", gpu), 3000).loading():
            assert resting.stopped == 1
            assert server.models
        resting.there(3500, 500.0)
        async with admitted(sharing, Engine("kyutai", gpu), 11_000).loading():
            assert resting.stopped == 2
            assert not server.models


async def test_the_engine_that_rests_the_longest_goes_and_one_to_be_kept_last() -> None:
    gpu = ScriptedGpu(10_000)
    async with shared(gpu) as sharing:
        kept, older, newer = (Engine(name, gpu) for name in ("kept", "older", "newer"))
        sharing.admit(Tenant(kept.there(3000, 900.0), 3000, kept=True))
        admitted(sharing, newer.there(3000, 60.0), 3000)
        admitted(sharing, older.there(3000, 600.0), 3000)
        async with admitted(sharing, Engine("csm", gpu), 3500).loading():
            assert (kept.stopped, older.stopped, newer.stopped) == (0, 1, 0)
        async with admitted(sharing, Engine("csm", gpu), 6500).loading():
            assert (kept.stopped, newer.stopped) == (0, 1)


@pytest.mark.parametrize("idle_s", [None, 1.0])
async def test_an_engine_in_use_stays_also_between_two_sentences(idle_s: float | None) -> None:
    gpu = ScriptedGpu(6000)
    async with shared(gpu) as sharing:
        speaking = Engine("xtts", gpu, pid=1).there(3000, idle_s)
        admitted(sharing, speaking)
        place = admitted(sharing, Engine("csm", gpu))
        with pytest.raises(BackendUnavailable, match=r"csm: busy: needs 4500 MB .*3000 are free"):
            async with place.loading():
                pass
        assert not speaking.stopped


async def test_an_engine_that_somebody_has_begun_to_listen_to_meanwhile_stays() -> None:
    gpu = ScriptedGpu(6000)
    async with LocalOllama() as server, shared(gpu, server) as sharing:
        server.answer_s = 0.2
        resting = Engine("xtts", gpu).there(3000, 500.0)
        admitted(sharing, resting)

        async def listen() -> None:
            await asyncio.sleep(0.1)
            resting.there(3000, None)

        listening = asyncio.create_task(listen())
        with pytest.raises(BackendUnavailable, match="busy"):
            async with admitted(sharing, Engine("csm", gpu)).loading():
                pass
        await listening
        assert not resting.stopped


async def test_nobody_is_disturbed_for_an_engine_that_would_not_fit_all_the_same() -> None:
    gpu = ScriptedGpu(12_000)
    async with LocalOllama(gemma3=2000) as server, shared(gpu, server) as sharing:
        gpu.hold("training", 9000, pid=1)
        gpu.hold("gemma3", 2000)
        began = time.monotonic()
        with pytest.raises(BackendUnavailable, match=r"held by .* 1 \(9000 MB\).*gpu status"):
            async with admitted(sharing, Engine("csm", gpu)).loading():
                pass
        assert server.models
        assert time.monotonic() - began < 1


async def test_a_model_that_stays_is_asked_once_and_then_the_next() -> None:
    gpu = ScriptedGpu(12_000)
    async with LocalOllama(stays=6000, goes=5000) as server, shared(gpu, server) as sharing:
        gpu.hold("stays", 6000)
        gpu.hold("goes", 5000)
        server.on_unload, server.stays = gpu.release, {"stays"}
        async with admitted(sharing, Engine("csm", gpu)).loading():
            pass
        assert [one for one in server.asked if "unload" in one] == ["unload stays", "unload goes"]


async def test_an_ollama_that_is_not_there_or_hangs_only_means_less_room() -> None:
    gpu = ScriptedGpu(6000)
    gpu.hold("training", 5000)
    async with LocalOllama(gemma3=5000) as server, shared(gpu, server) as sharing:
        server.instead = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        with pytest.raises(BackendUnavailable, match="busy"):
            async with admitted(sharing, Engine("csm", gpu)).loading():
                pass


async def test_two_engines_do_not_count_the_same_memory() -> None:
    gpu = ScriptedGpu(6000)
    csm, xtts = Engine("csm", gpu), Engine("xtts", gpu)
    async with shared(gpu) as sharing:
        first, second = admitted(sharing, csm), admitted(sharing, xtts)

        async def load(place: Place, engine: Engine) -> None:
            async with place.loading():
                await asyncio.sleep(0.05)
                engine.there(4500, None)

        results = await asyncio.gather(load(first, csm), load(second, xtts), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], BackendUnavailable)


async def test_an_engine_on_another_gpu_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    gpu = ScriptedGpu(6000, 6000)
    async with shared(gpu) as sharing:
        there, here = Engine("there", gpu), Engine("here", gpu)
        admitted(sharing, there.there(4000, 900.0, device=1), device="cuda:1")
        admitted(sharing, here.there(4000, 60.0), device="cuda:0")
        async with admitted(sharing, Engine("csm", gpu)).loading():
            assert (there.stopped, here.stopped) == (0, 1)


async def test_a_cancelled_start_lets_the_next_engine_in() -> None:
    gpu = ScriptedGpu(12_000)
    async with shared(gpu) as sharing:
        place, inside = admitted(sharing, Engine("csm", gpu)), asyncio.Event()

        async def load() -> None:
            async with place.loading():
                inside.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(load())
        await inside.wait()
        task.cancel()
        async with asyncio.timeout(1), place.loading():
            pass


async def test_an_idle_engine_gives_way_when_other_programs_need_the_memory() -> None:
    gpu = ScriptedGpu(8000)
    async with shared(gpu) as sharing:
        resting, used = Engine("xtts", gpu), Engine("csm", gpu)
        admitted(sharing, resting.there(3000, 90.0))
        admitted(sharing, used.there(3000, 30.0))
        watching = asyncio.create_task(sharing.run())
        await asyncio.sleep(0.1)
        assert not resting.stopped
        gpu.hold("game", 1900)
        async with asyncio.timeout(2):
            while not resting.stopped:  # noqa: ASYNC110 -- a moment
                await asyncio.sleep(0.01)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert (resting.stopped, used.stopped) == (1, 0)
