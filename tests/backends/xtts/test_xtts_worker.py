"""XTTS where it runs in a house: in a process of its own."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.xtts import ENGINE
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan


@pytest.mark.timeout(240)
async def test_a_worker_learns_somebody_and_speaks_as_them(folder: Path, tmp_path: Path) -> None:
    where = Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")
    settings = {"model": str(folder), "device": "cpu"}
    plan = WorkerPlan("wyoming_voiceclone.backends.xtts:ENGINE", where, settings, name="xtts")
    worker = await asyncio.to_thread(WorkerBackend, plan)
    try:
        await worker.warm([])
        offered = worker.capabilities()
        assert [voice.name for voice in offered.voices] == [
            "xtts-claribel-dervla",
            "xtts-alma-maria",
        ]
        assert offered.clones
        assert offered.clone_languages == ENGINE.declared.languages
        samples = np.random.default_rng(1).normal(0, 0.1, 80_000).astype(np.float32)
        shares: list[float] = []
        state = await worker.enroll(Reference(samples, 16_000), shares.append)
        assert shares[-1] == 1.0
        asked = SynthesisRequest("Hello.", "ada", "en", speaker_state=state, seed=1)
        first, again = [(await speak(worker, asked))[1] for _ in range(2)]
        assert np.abs(first).max() > 1e-3
        assert np.array_equal(first, again)
        own = SynthesisRequest("Hello.", "xtts-alma-maria", "en", seed=1)
        assert not np.array_equal((await speak(worker, own))[1], first)
        assert len((await speak(worker, SynthesisRequest("…", "xtts-alma-maria")))[1]) == 0
    finally:
        await worker.aclose()
