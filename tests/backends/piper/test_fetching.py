"""Fetching in the background: whatever goes wrong is told once, and never ends it silently."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dropped_voices import FIXTURES, until

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.piper import PiperSettings
from wyoming_voiceclone.backends.piper.fetching import Fetching
from wyoming_voiceclone.testing.hub import LocalHub, unreachable_hub

NAME = "en_US-ada-low"
CARD = "en/en_US/ada/MODEL_CARD"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    model = FIXTURES / "random-tiny.onnx"
    with LocalHub(tmp_path / "hub") as hub:
        hub.publish(NAME, model, Path(f"{model}.json"))
        yield hub


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


async def make(
    url: str, folders: Folders, arrived: Callable[[str | None], None] = lambda _: None
) -> Fetching:
    async def tell(name: str | None) -> None:
        arrived(name)

    return await asyncio.to_thread(Fetching, PiperSettings(endpoint=url), folders, tell)


async def test_an_empty_file_of_a_voice_comes_too(local: LocalHub, folders: Folders) -> None:
    index = local.folder / "voices.json"
    voices = json.loads(index.read_bytes())
    empty = {"size_bytes": 0, "md5_digest": hashlib.md5(b"", usedforsecurity=False).hexdigest()}
    voices[NAME]["files"][CARD] = empty
    index.write_text(json.dumps(voices))
    (local.folder / CARD).write_bytes(b"")
    arrived: list[str | None] = []
    fetching = await make(local.url, folders, arrived.append)
    fetching.ask(NAME)
    await until(lambda: NAME in arrived)
    await fetching.aclose()
    assert (folders.data / "piper" / NAME / "MODEL_CARD").read_bytes() == b""


async def test_a_disk_that_refuses_is_told_and_tried_again(
    local: LocalHub, folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    lock = folders.data / "piper" / ".partial" / f"{NAME}.lock"
    lock.mkdir(parents=True)  # refused also to root
    fetching = await make(local.url, folders)
    with caplog.at_level(logging.WARNING):
        fetching.ask(NAME)
        await until(lambda: caplog.messages)
    told = fetching.ask(NAME)
    await fetching.aclose()
    assert caplog.messages == [f"{NAME} {told}"]
    assert told.startswith(f"cannot be downloaded: {lock}: cannot be written (Is a directory)")


async def test_a_fault_is_logged_and_does_not_end_the_trying(
    local: LocalHub, folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str | None) -> None:
        raise RuntimeError("a fault of ours")

    fetching = await make(local.url, folders, fail)
    fetching.ask(NAME)
    await until(lambda: caplog.messages)
    told = fetching.ask(NAME)
    await fetching.aclose()
    assert told.startswith("cannot be downloaded: a fault")
    assert "RuntimeError: a fault of ours" in caplog.text
    assert len(caplog.messages) == 1


async def test_without_a_network_a_missing_catalogue_is_no_warning(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    with unreachable_hub() as nowhere, caplog.at_level(logging.INFO, "wyoming_voiceclone"):
        fetching = await make(nowhere, folders)
        fetching.keep_catalogue()
        await until(lambda: caplog.messages)
        await fetching.aclose()
    ((_, level, message),) = caplog.record_tuples
    assert level == logging.INFO
    assert message.startswith("the catalogue of voices cannot be downloaded: no connection to ")
