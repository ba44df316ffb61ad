"""PiperBackend and the hub: voices come by themselves, and nobody waits for them."""

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dropped_voices import FIXTURES, TEXT, folders_below, make, names, until

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.testing.hub import LocalHub, unreachable_hub

NAME = "en_US-far-low"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return folders_below(tmp_path)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    model = FIXTURES / "random-tiny.onnx"
    with LocalHub(tmp_path / "hub") as hub:
        hub.publish(NAME, model, Path(f"{model}.json"), aliases=["far"])
        yield hub


async def test_the_default_voice_is_downloaded_at_the_start(
    folders: Folders, local: LocalHub
) -> None:
    backend = await make(folders, download=True, endpoint=local.url)
    await backend.warm([NAME])
    await until(lambda: NAME in names(backend) and NAME in backend.loaded)
    assert len((await speak(backend, SynthesisRequest(TEXT, NAME)))[1])
    await backend.aclose()


@pytest.mark.parametrize("asked", [NAME, "far"])
async def test_a_voice_of_the_catalogue_is_offered_and_comes_when_it_is_asked_for(
    folders: Folders, local: LocalHub, asked: str
) -> None:
    backend = await make(folders, download=True, endpoint=local.url)
    await backend.warm()
    await until(lambda: NAME in names(backend))
    assert names(backend)[-1] == NAME
    with pytest.raises(BackendUnavailable, match=asked + " is about to be downloaded"):
        await backend.synthesize(SynthesisRequest(TEXT, asked))
    await until(lambda: NAME in backend.loaded)
    assert len((await speak(backend, SynthesisRequest(TEXT, asked)))[1])
    assert sum(NAME in each and ".json" not in each for each in local.requests) == 1
    await backend.aclose()


async def test_a_download_that_is_asked_for_by_many_happens_once(
    folders: Folders, local: LocalHub
) -> None:
    local.stalls[f"en/en_US/far/{NAME}.onnx"] = 100_000
    backend = await make(folders, download=True, endpoint=local.url)
    await backend.warm([NAME])
    await until(lambda: any(each.endswith(f"{NAME}.onnx") for each in local.requests))
    for _ in range(5):
        with pytest.raises(BackendUnavailable, match="being downloaded"):
            await backend.synthesize(SynthesisRequest(TEXT, NAME))
    started = time.monotonic()
    await backend.aclose()
    assert time.monotonic() - started < 2
    assert sum(each.endswith(f"{NAME}.onnx") for each in local.requests) == 1


@pytest.fixture
def nowhere() -> Iterator[str]:
    with unreachable_hub() as url:
        yield url


async def test_without_a_network_one_warning_tells_it(
    folders: Folders, nowhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    backend = await make(folders, download=True, endpoint=nowhere)
    with caplog.at_level(logging.INFO):
        await backend.warm([NAME])
        await until(lambda: caplog.messages, 25)
        await asyncio.sleep(0.1)
    await backend.aclose()
    (warning,) = caplog.messages
    assert warning.startswith(f"{NAME} cannot be downloaded: no connection to {nowhere} (")
    assert warning.endswith(
        ") — check the network; trying again in the background, another engine speaks meanwhile"
    )


async def test_nothing_is_downloaded_when_that_is_switched_off(
    folders: Folders, local: LocalHub
) -> None:
    backend = await make(folders, download=False, endpoint=local.url)
    await backend.warm([NAME])
    with pytest.raises(BackendUnavailable, match=NAME):
        await backend.synthesize(SynthesisRequest(TEXT, NAME))
    await backend.aclose()
    assert local.requests == []
