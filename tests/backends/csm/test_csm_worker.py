"""CSM where it lives: in a process of its own, which a failing GPU ends."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from backends.csm.conftest import WITHOUT, folders

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.csm import CsmSettings
from wyoming_voiceclone.errors import BackendError
from wyoming_voiceclone.testing.conformance import SENTENCE, speak
from wyoming_voiceclone.voices import Reference, SpeakerState
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan

pytest.importorskip("torch", reason=WITHOUT)


@pytest_asyncio.fixture
async def worker(
    settings: CsmSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WorkerBackend]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    where = folders(tmp_path)
    await asyncio.to_thread(where.data.mkdir)
    plan = WorkerPlan("failing_csm:ENGINE", where, settings.model_dump(mode="json"), name="csm")
    hosted = await asyncio.to_thread(WorkerBackend, plan)
    yield hosted
    await hosted.aclose()


def request(state: SpeakerState) -> SynthesisRequest:
    return SynthesisRequest(SENTENCE, "grandpa", "en", speaker_state=state, seed=5)


@pytest.mark.timeout(180)
async def test_hosted_it_learns_speaks_and_survives_a_gpu_that_fails(
    worker: WorkerBackend, tmp_path: Path, ada: Reference
) -> None:
    state = await worker.enroll(ada)
    rate, before = await speak(worker, request(state))
    assert rate == 24_000
    assert len(before) == 25 * 1920  # 2 s, the most there is

    failing = folders(tmp_path).data / "fail"
    await asyncio.to_thread(failing.touch)
    with pytest.raises(BackendError):
        await speak(worker, request(state))
    await asyncio.to_thread(failing.unlink)

    after = await spoken_again(worker, request(state))
    assert np.array_equal(before, after), "a new process, the same voice"


async def spoken_again(worker: WorkerBackend, wanted: SynthesisRequest) -> Chunk:
    """Once its process is back."""
    while True:
        try:
            return (await speak(worker, wanted))[1]
        except BackendError:
            await asyncio.sleep(0.5)
