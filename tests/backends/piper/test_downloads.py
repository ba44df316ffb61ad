"""Downloads: whole or not at all, going on where they stopped, and honest about why not."""

import asyncio
import fcntl
import hashlib
import json
import signal
import subprocess
import sys
import textwrap
import time
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
from wyoming_voiceclone.testing.hub import COMMIT, LocalHub, unreachable_hub

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


def test_a_downloaded_voice_is_whole_and_can_be_listed_and_removed(
    local: LocalHub, folders: Folders
) -> None:
    settings = settings_for(local.url)
    (before,) = list_voices(settings, folders)
    assert (before.path, before.removable, before.size) == (None, False, total())
    seen: list[tuple[int, int]] = []
    voice = download_voice(NAME, settings, folders, progress=lambda n, of: seen.append((n, of)))
    assert voice.name == NAME
    assert voice.model.read_bytes() == MODEL.read_bytes()
    assert {path.name for path in downloaded(folders).iterdir()} == {
        f"{NAME}.onnx",
        f"{NAME}.onnx.json",
        "MODEL_CARD",
        "download.json",
    }
    assert seen[-1] == (total(), total())
    assert seen == sorted(seen)
    (listed,) = list_voices(settings, folders)
    assert (listed.path, listed.removable) == (voice.model, True)
    assert remove_voice(NAME, folders) == downloaded(folders)
    assert not downloaded(folders).exists()
    (after,) = list_voices(settings, folders)
    assert after == before


def total() -> int:
    return sum(path.stat().st_size for path in (MODEL, CONFIG)) + len(f"# Model card of {NAME}\n")


def test_sizes_and_checksums_are_of_the_commit_that_is_fetched(
    local: LocalHub, folders: Folders
) -> None:
    download_voice(NAME, settings_for(local.url), folders)
    receipt = json.loads((downloaded(folders) / "download.json").read_bytes())
    assert receipt["commit"] == COMMIT


def test_a_voice_that_is_here_is_not_fetched_again(local: LocalHub, folders: Folders) -> None:
    first = download_voice(NAME, settings_for(local.url), folders)
    local.requests.clear()
    assert download_voice(NAME, settings_for(local.url), folders) == first
    assert local.requests == []


def test_a_former_name_gets_the_voice(local: LocalHub, folders: Folders) -> None:
    assert download_voice("ada", settings_for(local.url), folders).name == NAME


def test_a_cut_connection_is_taken_up_where_it_broke(local: LocalHub, folders: Folders) -> None:
    local.cuts[ONNX] = [100_000, 50_000]
    voice = download_voice(NAME, settings_for(local.url), folders)
    assert voice.model.read_bytes() == MODEL.read_bytes()
    assert [r for r in local.requests if ONNX in r and ".json" not in r] == [
        f"GET {ONNX}",
        f"GET {ONNX} bytes=100000-",
        f"GET {ONNX} bytes=150000-",
    ]


def test_a_later_attempt_goes_on_from_an_earlier_one(local: LocalHub, folders: Folders) -> None:
    local.refusals[f"{ONNX}.json"] = 404  # after the model has come
    with pytest.raises(DownloadError, match="404"):
        download_voice(NAME, settings_for(local.url), folders)
    assert not downloaded(folders).exists()
    local.refusals.clear()
    local.requests.clear()
    download_voice(NAME, settings_for(local.url), folders)
    assert f"GET {ONNX}" not in local.requests


def test_a_hub_without_ranges_starts_all_over(local: LocalHub, folders: Folders) -> None:
    local.ranges = False
    local.cuts[ONNX] = [100_000]
    seen: list[int] = []
    voice = download_voice(
        NAME, settings_for(local.url), folders, progress=lambda n, _: seen.append(n)
    )
    assert voice.model.read_bytes() == MODEL.read_bytes()
    assert seen[-1] == total()


@pytest.mark.parametrize("change", [b"X", b"", b"longer than told"])
def test_another_content_than_told_is_refused_and_leaves_no_voice(
    local: LocalHub, folders: Folders, change: bytes
) -> None:
    path = local.folder / ONNX
    content = path.read_bytes()
    path.write_bytes(change + content[1:] if change == b"X" else content + change + b"!")
    with pytest.raises(DownloadError, match="than the catalogue tells"):
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


def test_a_voice_that_somebody_put_there_is_not_removed(folders: Folders) -> None:
    for folder in (folders.voices, folders.data / "piper" / NAME):
        folder.mkdir(parents=True)
        for source, suffix in ((MODEL, ".onnx"), (CONFIG, ".onnx.json")):
            (folder / f"{NAME}{suffix}").write_bytes(source.read_bytes())
        with pytest.raises(DownloadError, match=str(folder)):
            remove_voice(NAME, folders)
        (folder / f"{NAME}.onnx").unlink()


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


def test_ctrl_c_leaves_a_part_to_go_on_from(
    local: LocalHub, folders: Folders, tmp_path: Path
) -> None:
    local.stalls[ONNX] = 200_000
    script = textwrap.dedent(f"""
        from pathlib import Path
        from wyoming_voiceclone.backends import Folders
        from wyoming_voiceclone.backends.piper import PiperSettings
        from wyoming_voiceclone.backends.piper.downloads import download_voice
        root = Path({str(tmp_path)!r})
        folders = Folders(root / "voices", root / "data", root / "cache")
        download_voice({NAME!r}, PiperSettings(endpoint={local.url!r}), folders)
    """)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", script], stderr=subprocess.PIPE, text=True
    )
    partial = folders.data / "piper" / ".partial"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not any(
        part.stat().st_size == 200_000 for part in partial.glob(f"*/{NAME}.onnx")
    ):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert "KeyboardInterrupt" in errors
    local.stalls.clear()
    local.requests.clear()
    download_voice(NAME, settings_for(local.url), folders)
    assert f"GET {ONNX} bytes=200000-" in local.requests
    assert not list(partial.iterdir())


def test_nothing_is_shown_where_nobody_looks(
    local: LocalHub, folders: Folders, capfd: pytest.CaptureFixture[str]
) -> None:
    download_voice(NAME, settings_for(local.url), folders)
    assert capfd.readouterr() == ("", "")
