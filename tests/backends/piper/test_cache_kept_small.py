"""The cache of cut voices keeps what is used, and cutting takes nothing that somebody needs."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from stock_voice import SINGLE, configuration

from wyoming_voiceclone.backends.piper.cache import ensure, find, made

CONFIG = configuration(SINGLE)
DAY_S = 86_400
OTHER_VERSION = f"{'0' * 32}-1-1.0.0-x86_64"


def cut(cache: Path) -> Path:
    with made(SINGLE, CONFIG, cache) as folder:
        return folder


def folder_of(cache: Path, name: str, age_s: float) -> Path:
    folder = cache / name
    (folder / "entry").mkdir(parents=True)
    os.utime(folder, (time.time() - age_s,) * 2)
    return folder


def test_what_a_killed_process_left_is_removed_but_not_what_is_being_made(tmp_path: Path) -> None:
    left = folder_of(tmp_path, "piper-left", 2 * 3_600)
    making = folder_of(tmp_path, "piper-making", 60)
    cut(tmp_path)
    assert not left.exists()
    assert making.exists()


def test_entries_of_other_versions_go_when_nobody_used_them_for_a_month(tmp_path: Path) -> None:
    unused = folder_of(tmp_path, OTHER_VERSION, 31 * DAY_S)
    used = folder_of(tmp_path, OTHER_VERSION.replace("0", "1"), 29 * DAY_S)
    foreign = folder_of(tmp_path, "something-else", 31 * DAY_S)
    (tmp_path / "catalogue.json").touch()
    os.utime(tmp_path / "catalogue.json", (0, 0))
    entry = cut(tmp_path)
    assert not unused.exists()
    assert {path.name for path in tmp_path.iterdir()} == {
        *(path.name for path in (used, foreign, entry)),
        "catalogue.json",
    }


def test_an_entry_that_is_used_stays_young(tmp_path: Path) -> None:
    entry = cut(tmp_path)
    os.utime(entry, (0, 0))
    assert find(SINGLE, tmp_path) == entry
    assert time.time() - entry.stat().st_mtime < 60


def test_files_in_the_working_directory_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "onnx.py").write_text("raise SystemExit('the wrong onnx')\n")
    monkeypatch.chdir(here)
    entry = cut(tmp_path / "cache")
    assert (entry / "flow.onnx").exists()


def test_cutting_ahead_gives_way_to_listeners(tmp_path: Path) -> None:
    cutting = threading.Thread(target=ensure, args=(SINGLE, CONFIG, tmp_path, threading.Event()))
    cutting.start()
    nicest = 0
    while cutting.is_alive():
        nicest = max(nicest, *map(priority, children()), 0)
        time.sleep(0.01)
    cutting.join()
    assert nicest == os.getpriority(os.PRIO_PROCESS, 0) + 10


def children() -> list[int]:
    found: list[int] = []
    with suppress(OSError):  # a thread that just ended
        for each in Path("/proc/self/task").glob("*/children"):
            found += map(int, each.read_text().split())
    return found


def priority(pid: int) -> int:
    try:
        return os.getpriority(os.PRIO_PROCESS, pid)
    except ProcessLookupError:
        return 0
