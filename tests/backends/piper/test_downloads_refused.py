"""Downloads that cannot be: told with the remedy, and leaving no half of a voice."""

import asyncio
import fcntl
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.piper import PiperSettings
from wyoming_voiceclone.backends.piper.downloads import (
    download_voice,
    fetch_voice,
    hub_of,
    list_voices,
    newest_catalogue,
    remove_voice,
)
from wyoming_voiceclone.backends.piper.store import VoiceStore
from wyoming_voiceclone.errors import DownloadError, UnknownVoice
from wyoming_voiceclone.testing.hub import LocalHub, unreachable_hub

FIXTURES = Path(__file__).parents[2] / "fixtures" / "voices"
MODEL = FIXTURES / "random-tiny.onnx"
CONFIG = FIXTURES / "random-tiny.onnx.json"
NAME = "en_US-ada-low"
ONNX = f"en/en_US/ada/{NAME}.onnx"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as hub:
        hub.publish(NAME, MODEL, CONFIG, aliases=["ada"])
        yield hub


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


def settings_for(url: str) -> PiperSettings:
    return PiperSettings(endpoint=url)


def downloaded(folders: Folders) -> Path:
    return folders.data / "piper" / NAME


@pytest.mark.parametrize("change", [b"X", b"", b"longer than told"])
def test_another_content_than_told_is_refused_and_leaves_no_voice(
    local: LocalHub, folders: Folders, change: bytes
) -> None:
    path = local.folder / ONNX
    content = path.read_bytes()
    path.write_bytes(change + content[1:] if change == b"X" else content + change + b"!")
    with pytest.raises(DownloadError, match="announced"):
        download_voice(NAME, settings_for(local.url), folders)
    assert list_voices(settings_for(local.url), folders, refresh=False)[0].path is None
    path.write_bytes(content)
    voice = download_voice(NAME, settings_for(local.url), folders)
    assert hashlib.sha256(voice.model.read_bytes()).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize(("status", "remedy"), [(401, "HF_TOKEN"), (404, "revision")])
def test_a_refusal_says_what_to_do(
    local: LocalHub, folders: Folders, status: int, remedy: str
) -> None:
    local.refusals[ONNX] = status
    with pytest.raises(DownloadError, match=remedy):
        download_voice(NAME, settings_for(local.url), folders)


def test_an_unknown_voice_is_named(local: LocalHub, folders: Folders) -> None:
    with pytest.raises(UnknownVoice, match="xx_XX-nobody-low"):
        download_voice("xx_XX-nobody-low", settings_for(local.url), folders)
    with pytest.raises(UnknownVoice, match="nobody"):
        remove_voice("nobody", folders)


def test_without_a_network_what_is_here_is_listed(folders: Folders, local: LocalHub) -> None:
    download_voice(NAME, settings_for(local.url), folders)
    (folders.cache / "piper" / "catalogue.json").unlink()
    with unreachable_hub() as nowhere:
        (listed,) = list_voices(settings_for(nowhere), folders)
        assert (listed.name, listed.removable) == (NAME, True)
        with pytest.raises(DownloadError, match="check the network"):
            download_voice("en_US-other-low", settings_for(nowhere), folders)


def test_a_full_disk_is_told_and_what_came_is_kept(local: LocalHub, folders: Folders) -> None:
    local.cuts[ONNX] = [100_000]
    local.refusals[f"{ONNX}.json"] = 404
    with pytest.raises(DownloadError, match="404"):
        download_voice(NAME, settings_for(local.url), folders)
    (config,) = (folders.data / "piper" / ".partial").glob(f"*/{NAME}.onnx")
    part = config.with_name(f"{NAME}.onnx.json")
    part.symlink_to("/dev/full")  # a real disk that takes no byte
    local.refusals.clear()
    with pytest.raises(DownloadError, match="the disk is full — free some space"):
        download_voice(NAME, settings_for(local.url), folders)
    part.unlink()
    download_voice(NAME, settings_for(local.url), folders)


def test_too_little_room_is_told_before_anything_is_fetched(
    local: LocalHub, folders: Folders
) -> None:
    index = local.folder / "voices.json"
    size = str(MODEL.stat().st_size)
    index.write_text(index.read_text().replace(size, "1999999999"))
    settings = settings_for(local.url)
    free = 2_000_000_000

    async def check() -> None:
        async with hub_of(settings) as hub:
            catalogue = await newest_catalogue(hub, folders.cache / "c.json")
            voice = catalogue.voices[NAME]
            store = VoiceStore(folders.data / "piper", free_bytes=lambda _: free)
            await fetch_voice(voice, catalogue.commit, hub, store, lambda _n, _of: None)

    with pytest.raises(DownloadError, match=r"2000 MB missing, but .* free — free 50 MB"):
        asyncio.run(check())
    assert local.requests == ["GET voices.json"]


def test_a_folder_that_cannot_be_written_is_named(local: LocalHub, folders: Folders) -> None:
    folders.data.touch()  # a file where the folder should be: refused also to root
    with pytest.raises(DownloadError, match="cannot be written"):
        download_voice(NAME, settings_for(local.url), folders)


def test_two_processes_do_not_write_one_voice(local: LocalHub, folders: Folders) -> None:
    lock = folders.data / "piper" / ".partial" / f"{NAME}.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match="another process"):
            download_voice(NAME, settings_for(local.url), folders)
    download_voice(NAME, settings_for(local.url), folders)
