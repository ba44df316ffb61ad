"""Weights that cannot come: told with the remedy, interrupted at any moment, and never half."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from wyoming_voiceclone.backends.declaration import Licence, Weights
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.weights import fetched, weights_folder
from wyoming_voiceclone.environments.weights import fetch_weights, remove_weights
from wyoming_voiceclone.errors import BackendUnavailable, DownloadError
from wyoming_voiceclone.testing.hub import COMMIT, LocalHub

CONTENT = bytes(range(256)) * 2000
MODEL = "model.safetensors"
WEIGHTS = Weights("owner/model", ("*.safetensors", "*.json"), Licence("MIT"))


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))  # not the developer's
    with LocalHub(tmp_path / "hub") as hub:
        hub.folder.mkdir()
        (hub.folder / MODEL).write_bytes(CONTENT)
        (hub.folder / "config.json").write_text("{}\n")
        yield hub


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


def fetch(local: LocalHub, folders: Folders) -> None:
    asyncio.run(fetch_weights(WEIGHTS, folders, endpoint=local.url))


def begin(folders: Folders, **environment: str) -> subprocess.Popen[str]:
    """Another process that fetches them, from HF_ENDPOINT."""
    script = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from wyoming_voiceclone.backends.declaration import Licence, Weights
        from wyoming_voiceclone.backends.engine import Folders
        from wyoming_voiceclone.environments.weights import fetch_weights
        from wyoming_voiceclone.errors import DownloadError
        root = Path({str(folders.data.parent)!r})
        folders = Folders(root / "voices", root / "data", root / "cache")
        weights = Weights("owner/model", ("*.safetensors", "*.json"), Licence("MIT"))
        try:
            print(asyncio.run(fetch_weights(weights, folders)).commit)
        except DownloadError as error:
            print(error)
    """)
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def part_of(folders: Folders) -> Path | None:
    return next((weights_folder(WEIGHTS, folders) / ".partial").glob("sha256-*"), None)


def wait_for_bytes(folders: Folders, count: int) -> None:
    deadline = time.monotonic() + 30
    while (part := part_of(folders)) is None or part.stat().st_size < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_process_killed_in_the_middle_is_gone_on_from(local: LocalHub, folders: Folders) -> None:
    local.stalls[MODEL] = 200_000
    process = begin(folders, HF_ENDPOINT=local.url)
    wait_for_bytes(folders, 200_000)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    local.stalls.clear()
    local.requests.clear()
    output, errors = begin(folders, HF_ENDPOINT=local.url).communicate(timeout=30)
    assert (output, errors) == (f"{COMMIT}\n", "")
    assert f"GET {MODEL} bytes=200000-" in local.requests
    assert "GET config.json" not in local.requests
    assert fetched(WEIGHTS, folders, "csm").folder.joinpath(MODEL).read_bytes() == CONTENT
    assert [path.name for path in (folders.data / "weights").iterdir()] == ["owner--model@main"]


def test_two_processes_do_not_write_the_same(local: LocalHub, folders: Folders) -> None:
    local.stalls[MODEL] = 200_000
    process = begin(folders, HF_ENDPOINT=local.url)
    wait_for_bytes(folders, 200_000)
    for refused in (fetch_weights(WEIGHTS, folders), remove_weights(WEIGHTS, folders)):
        with pytest.raises(DownloadError, match="another process is downloading it — wait"):
            asyncio.run(refused)
    process.kill()
    process.communicate(timeout=10)


def test_a_lock_that_nobody_holds_hinders_nobody(local: LocalHub, folders: Folders) -> None:
    lock = folders.data / "weights" / ".owner--model@main.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
    fetch(local, folders)
    assert not lock.exists()


async def test_cancelling_keeps_what_has_come(local: LocalHub, folders: Folders) -> None:
    local.stalls[MODEL] = 300_000
    come = asyncio.Event()

    def progress(there: int, _of: int) -> None:
        if there >= 300_000:
            come.set()

    fetching = asyncio.create_task(
        fetch_weights(WEIGHTS, folders, endpoint=local.url, progress=progress)
    )
    await asyncio.wait_for(come.wait(), 20)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    local.stalls.clear()
    local.requests.clear()
    await fetch_weights(WEIGHTS, folders, endpoint=local.url)
    assert f"GET {MODEL} bytes=300000-" in local.requests


def test_too_little_room_is_told_before_anything_is_fetched(
    local: LocalHub, folders: Folders
) -> None:
    lfs = {"sha256": "0" * 64, "size": 9 * 10**12, "pointerSize": 134}
    local.extra.append({"rfilename": MODEL, "size": lfs["size"], "blobId": "0" * 40, "lfs": lfs})
    with pytest.raises(DownloadError, match=r"9000000 MB missing, but .* MB free — free \d+ MB"):
        fetch(local, folders)
    assert local.requests == ["LIST main"]


def test_a_full_disk_is_told_and_what_came_is_kept(local: LocalHub, folders: Folders) -> None:
    local.refusals[MODEL] = 404
    with pytest.raises(DownloadError, match="404"):
        fetch(local, folders)
    local.refusals.clear()
    partial = weights_folder(WEIGHTS, folders) / ".partial"
    lfs = local_checksum(local)
    (partial / f"sha256-{lfs}").symlink_to("/dev/full")  # a real disk that takes no byte
    with pytest.raises(DownloadError, match="the disk is full — free some space"):
        fetch(local, folders)
    (partial / f"sha256-{lfs}").unlink()
    fetch(local, folders)


def local_checksum(local: LocalHub) -> str:
    run = ["sha256sum", str(local.folder / MODEL)]
    return subprocess.check_output(run, text=True).split()[0]  # noqa: S603


def test_a_folder_that_cannot_be_written_is_named(local: LocalHub, folders: Folders) -> None:
    folders.data.touch()  # a file where the folder should be: refused also to root
    with pytest.raises(DownloadError, match="cannot be written"):
        fetch(local, folders)


@pytest.mark.parametrize("path", ["../x.json", "fetched.json", ".partial/commit.json"])
def test_no_name_from_the_hub_writes_elsewhere_or_over_what_is_ours(
    local: LocalHub, folders: Folders, path: str
) -> None:
    local.extra.append({"rfilename": path, "size": 3, "blobId": "0" * 40})
    with pytest.raises(DownloadError, match="no name for"):
        fetch(local, folders)
    with pytest.raises(BackendUnavailable):
        fetched(WEIGHTS, folders, "csm")


@pytest.mark.parametrize(("path", "size"), [(MODEL, len(CONTENT)), ("config.json", 3)])
def test_other_bytes_than_announced_are_never_placed(
    local: LocalHub, folders: Folders, path: str, size: int
) -> None:
    local.swapped[path] = bytes(size)
    with pytest.raises(DownloadError, match=f"{path}: another checksum than announced"):
        fetch(local, folders)
    assert not weights_folder(WEIGHTS, folders).joinpath(path).exists()


def test_gated_weights_say_what_to_agree_to(local: LocalHub, folders: Folders) -> None:
    local.gated = True
    with pytest.raises(DownloadError, match=r"agreed to its terms: open .*/owner/model, agree"):
        fetch(local, folders)


def test_a_household_that_forbade_the_hub_is_told_which_setting_did(
    local: LocalHub, folders: Folders
) -> None:
    process = begin(folders, HF_ENDPOINT=local.url, HF_HUB_OFFLINE="1")
    output, _ = process.communicate(timeout=30)
    assert output == f"nothing is fetched from {local.url}: HF_HUB_OFFLINE is set — unset it\n"
