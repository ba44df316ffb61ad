"""Pocket-TTS in a process of its own, as it is hosted in a house."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

pytest.importorskip("pocket_tts", reason="comes with the engine: script/test --engines")

from backends.pocket.conftest import TINY

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.pocket import PocketSettings
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.testing.conformance import OTHER, SENTENCE, speak
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan

HOSTED_AS = "wyoming_voiceclone.backends.pocket:ENGINE"


def plan(settings: PocketSettings, folders: Folders) -> WorkerPlan:
    given = settings.model_dump(mode="json")
    return WorkerPlan(HOSTED_AS, folders, given, name="pocket", python=Path(sys.executable))


@pytest_asyncio.fixture
async def worker(weights: Path, folders: Folders) -> AsyncIterator[WorkerBackend]:
    settings = PocketSettings(model=str(weights), models={"en": TINY})
    worker = await asyncio.to_thread(WorkerBackend, plan(settings, folders))
    yield worker
    await worker.aclose()


@pytest.mark.timeout(300)
async def test_it_learns_and_speaks_to_several_at_once(
    worker: WorkerBackend, ada: Reference, bob: Reference
) -> None:
    await worker.warm([])
    assert worker.capabilities().clone_languages == ("en",)
    states = [await worker.enroll(person) for person in (ada, bob)]
    requests = [
        SynthesisRequest(text, "me", speaker_state=state, seed=1)
        for text, state in zip((SENTENCE, OTHER), states, strict=True)
    ]
    alone = [(await speak(worker, request))[1] for request in requests]
    together = await asyncio.gather(*(speak(worker, request) for request in requests * 2))
    for expected, (_, heard) in zip(alone * 2, together, strict=True):
        assert np.array_equal(expected, heard)


async def test_a_worker_that_cannot_start_tells_the_remedy(folders: Folders) -> None:
    worker = await asyncio.to_thread(WorkerBackend, plan(PocketSettings(), folders))
    try:
        with pytest.raises(BackendUnavailable, match="engines install pocket"):
            await worker.warm([])
    finally:
        await worker.aclose()
