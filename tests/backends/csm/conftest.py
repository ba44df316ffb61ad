"""CSM, tiny and with random weights, in the layout that the real one is published in."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.csm import CsmSettings
from wyoming_voiceclone.voices import Reference

WITHOUT = "torch and transformers come with the engines: script/test --engines"
SAID = "Somebody says this, and nothing else."


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch = pytest.importorskip("torch", reason=WITHOUT)
    pytest.importorskip("tokenizers", reason=WITHOUT)
    from wyoming_voiceclone.testing.random_csm import (  # noqa: PLC0415
        save_random_csm,
        tiny_sizes,
    )

    torch.set_num_threads(1)  # its matrices are too small to share
    folder = tmp_path_factory.mktemp("csm")
    save_random_csm(folder, tiny_sizes())
    return folder


@pytest.fixture(scope="session")
def settings(weights: Path) -> CsmSettings:
    """Sentences end after 2 s: random weights never find their end."""
    return CsmSettings(model=str(weights), device="cpu", dtype="float32", longest_s=2)


@pytest.fixture
def csm(weights: Path, settings: CsmSettings) -> Any:
    """The model alone."""
    from wyoming_voiceclone.backends.csm.model import load_csm  # noqa: PLC0415

    return load_csm(weights, settings)


@pytest_asyncio.fixture
async def backend(settings: CsmSettings, tmp_path: Path) -> AsyncIterator[Any]:
    from wyoming_voiceclone.backends.csm.backend import CsmBackend  # noqa: PLC0415

    made = await asyncio.to_thread(CsmBackend, settings, folders(tmp_path))
    yield made
    await made.aclose()


@pytest.fixture
def ada() -> Reference:
    return person(220)


@pytest.fixture
def bob() -> Reference:
    return person(330)


def person(hz: float, seconds: float = 3.0, transcript: str = SAID) -> Reference:
    time_s = np.arange(round(seconds * 16_000)) / 16_000
    harmonics = sum(np.sin(2 * np.pi * hz * n * time_s) / n for n in (1, 2, 3))
    return Reference((0.3 * np.asarray(harmonics)).astype(np.float32), 16_000, transcript, "en")


def folders(path: Path) -> Folders:
    return Folders(path / "voices", path / "data", path / "cache")
