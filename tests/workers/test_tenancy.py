"""Workers that share a GPU: a real process each, on a scripted GPU."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.gpu import Sharing, SharingLimits, Tenant
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.testing.scripted_engine import HOSTED_AS
from wyoming_voiceclone.testing.scripted_gpu import ScriptedGpu
from wyoming_voiceclone.workers import State, WorkerBackend, WorkerLimits, WorkerPlan, WorkerStatus

ONE = SynthesisRequest("one two three", "ada")
LONG = SynthesisRequest("word " * 200, "ada")


class Hosted:
    """The worker as others on the GPU know it; its memory is what the script says."""

    def __init__(self, name: str, sharing: Sharing, gpu: ScriptedGpu, folder: Path) -> None:
        self.name, self._gpu = name, gpu
        place = sharing.admit(Tenant(self, needs_mb=4500))
        folders = Folders(folder / "voices", folder / "data", folder / "cache")
        plan = WorkerPlan(HOSTED_AS, folders, {"chunk_s": 0.01}, name=name)
        self.worker = WorkerBackend(plan, WorkerLimits(), tenancy=place)

    def status(self) -> WorkerStatus:
        return self.worker.status()

    async def stop(self, grace_s: float) -> None:
        await self.worker.stop(grace_s)
        self._gpu.release(self.name)

    async def speak(self, request: SynthesisRequest = ONE) -> None:
        await speak(self.worker, request)
        self._gpu.hold(self.name, 4500)

    @property
    def state(self) -> State:
        return self.status().state


MakeHosted = Callable[[str], Hosted]


@pytest.fixture
def gpu() -> ScriptedGpu:
    return ScriptedGpu(6000)


@pytest_asyncio.fixture
async def host(gpu: ScriptedGpu, tmp_path: Path) -> AsyncIterator[MakeHosted]:
    async with AsyncExitStack() as stack:
        sharing = Sharing(gpu, SharingLimits(idle_s=0.1, settle_s=0.5))

        def make(name: str) -> Hosted:
            hosted = Hosted(name, sharing, gpu, tmp_path)
            stack.push_async_callback(hosted.worker.aclose)
            return hosted

        yield make


async def test_an_idle_engine_leaves_the_gpu_to_the_one_that_is_asked_for(
    host: MakeHosted,
) -> None:
    csm, xtts = host("csm"), host("xtts")
    await csm.speak()
    await asyncio.sleep(0.15)
    await xtts.speak()
    assert (csm.state, xtts.state) == ("stopped", "ready")
    await asyncio.sleep(0.15)
    await csm.speak()
    assert (csm.state, xtts.state) == ("ready", "stopped")


async def test_while_one_speaks_the_other_is_busy_at_once_and_speaks_later(
    host: MakeHosted,
) -> None:
    csm, xtts = host("csm"), host("xtts")
    await csm.speak()
    speaking = asyncio.create_task(csm.speak(LONG))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(0.5):
        with pytest.raises(BackendUnavailable, match="xtts: busy: needs 4500 MB"):
            await xtts.speak()
    assert "busy" in xtts.status().reason
    await speaking
    await asyncio.sleep(1.1)  # the back-off of what failed once
    await xtts.speak()


async def test_nothing_is_started_where_there_is_no_room(
    host: MakeHosted, gpu: ScriptedGpu
) -> None:
    gpu.hold("training", 5000)
    csm = host("csm")
    with pytest.raises(BackendUnavailable, match="busy"):
        await csm.worker.start()
    assert csm.status().pid is None
    gpu.release("training")
    await csm.worker.start()
    assert csm.state == "ready"


class Counting:
    """Knows how many listen."""

    def __init__(self) -> None:
        self.listeners = 0
        self.most = 0
        self.loads = 0

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        self.loads += 1
        yield

    @contextmanager
    def speaking(self) -> Iterator[None]:
        self.listeners += 1
        self.most = max(self.most, self.listeners)
        yield
        self.listeners -= 1


async def test_others_are_told_while_somebody_listens_and_not_while_it_only_learns(
    tmp_path: Path,
) -> None:
    counting = Counting()
    folders = Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")
    plan = WorkerPlan(HOSTED_AS, folders, name="worker")
    worker = await asyncio.to_thread(lambda: WorkerBackend(plan, tenancy=counting))
    try:
        await worker.warm(["ada"])
        assert (counting.loads, counting.most) == (1, 0)
        await asyncio.gather(speak(worker, ONE), speak(worker, ONE))
        assert (counting.loads, counting.most, counting.listeners) == (1, 2, 0)
    finally:
        await worker.aclose()
