"""Small voices to match with: espeak-ng, low and high."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.espeak import EspeakSettings
from wyoming_voiceclone.backends.espeak.backend import EspeakBackend
from wyoming_voiceclone.backends.match.sentences import fit_sentences
from wyoming_voiceclone.testing.cloning import Persons
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.voices import Reference


@lru_cache
def recording(voice: str, pitch: int, sentences: int = 4) -> Reference:
    """Somebody reading aloud; blocks for 50 ms."""

    async def read() -> Reference:
        espeak = await asyncio.to_thread(EspeakBackend, EspeakSettings(pitch=pitch))
        texts = fit_sentences("en")[:sentences]
        said = [await speak(espeak, SynthesisRequest(t, voice, seed=1)) for t in texts]
        await espeak.aclose()
        samples = np.concatenate([samples for _, samples in said])
        return Reference(samples, said[0][0], " ".join(texts), "en-US")

    with ThreadPoolExecutor(1) as executor:  # its own loop
        return executor.submit(asyncio.run, read()).result()


@pytest.fixture
def low() -> Reference:
    return recording("espeak-en-us", 20)


@pytest.fixture
def high() -> Reference:
    return recording("espeak-en-gb", 90)


@pytest.fixture
def persons() -> Persons:
    """Short ones."""
    return Persons(recording("espeak-en-us", 20, 2), recording("espeak-en-gb", 90, 2))


@pytest_asyncio.fixture
async def espeak() -> AsyncIterator[EspeakBackend]:
    backend = await asyncio.to_thread(EspeakBackend, EspeakSettings())
    yield backend
    await backend.aclose()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("match")
