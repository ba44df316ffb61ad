"""Downloads: whole or not at all, going on where they stopped, and honest about why not."""

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
    list_voices,
    remove_voice,
)
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.testing.hub import COMMIT, LocalHub

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


def test_a_voice_that_lost_a_file_is_made_whole(local: LocalHub, folders: Folders) -> None:
    first = download_voice(NAME, settings_for(local.url), folders)
    first.config.unlink()
    again = download_voice(NAME, settings_for(local.url), folders)
    assert again.config.read_bytes() == CONFIG.read_bytes()
    assert [path.name for path in (folders.data / "piper").iterdir() if path.name != NAME] == [
        ".partial"
    ]


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


def test_a_voice_that_somebody_put_there_is_not_removed(folders: Folders) -> None:
    for folder in (folders.voices, folders.data / "piper" / NAME):
        folder.mkdir(parents=True)
        for source, suffix in ((MODEL, ".onnx"), (CONFIG, ".onnx.json")):
            (folder / f"{NAME}{suffix}").write_bytes(source.read_bytes())
        with pytest.raises(DownloadError, match=str(folder)):
            remove_voice(NAME, folders)
        (folder / f"{NAME}.onnx").unlink()


def begin_download(root: Path, url: str) -> subprocess.Popen[str]:
    script = textwrap.dedent(f"""
        from pathlib import Path
        from wyoming_voiceclone.backends import Folders
        from wyoming_voiceclone.backends.piper import PiperSettings
        from wyoming_voiceclone.backends.piper.downloads import download_voice
        root = Path({str(root)!r})
        folders = Folders(root / "voices", root / "data", root / "cache")
        download_voice({NAME!r}, PiperSettings(endpoint={url!r}), folders)
    """)
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", script], stderr=subprocess.PIPE, text=True
    )


def test_ctrl_c_leaves_a_part_to_go_on_from(
    local: LocalHub, folders: Folders, tmp_path: Path
) -> None:
    local.stalls[ONNX] = 200_000
    process = begin_download(tmp_path, local.url)
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
