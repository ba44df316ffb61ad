"""Pocket-TTS with random weights: one model whose sentences end at once, one whose do not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import pytest_asyncio

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.pocket import PocketSettings
from wyoming_voiceclone.voices import Reference

if TYPE_CHECKING:
    from wyoming_voiceclone.backends.pocket.backend import PocketBackend

TINY = "english_2m_2026-10"
Make = Callable[..., Awaitable["PocketBackend"]]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny model; its sentences are 0.7 s long."""
    return _random(tmp_path_factory.mktemp("pocket"))


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but only the cap ends its sentences."""
    return _random(tmp_path_factory.mktemp("endless"), ends=False)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


@pytest_asyncio.fixture
async def make(weights: Path, folders: Folders) -> AsyncIterator[Make]:
    """Makes backends with the tiny model."""
    from wyoming_voiceclone.backends.pocket.backend import PocketBackend  # noqa: PLC0415

    made = []

    async def make(**settings: Any) -> PocketBackend:
        chosen = PocketSettings(**{"model": str(weights), "models": {"en": TINY}} | settings)
        made.append(await asyncio.to_thread(PocketBackend, chosen, folders))
        return made[-1]

    yield make
    for backend in made:
        await backend.aclose()


@pytest.fixture
def ada() -> Reference:
    return murmur(200.0)


@pytest.fixture
def bob() -> Reference:
    return murmur(310.0)


def murmur(hz: float, seconds: float = 4.0, rate: int = 16_000) -> Reference:
    """Syllables of a third of a second."""
    time_s = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * hz * n * time_s) / n for n in (1, 2, 3))
    spoken = np.clip(4 * np.sin(2 * np.pi * 1.5 * time_s) + 2, 0, 1)
    return Reference((0.3 * np.asarray(tone) * spoken).astype(np.float32), rate, language="en")


def _random(folder: Path, *, ends: bool = True) -> Path:
    pytest.importorskip(
        "pocket_tts", reason="pocket-tts comes with the engine: script/test --engines"
    )
    from wyoming_voiceclone.testing.random_pocket import random_pocket  # noqa: PLC0415

    return random_pocket(folder, TINY, ends=ends)
