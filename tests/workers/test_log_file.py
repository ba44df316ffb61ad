"""The log file of a worker: bounded, and read from the end."""

import itertools
import os
import stat
import threading
from pathlib import Path

import pytest

from wyoming_voiceclone.workers.journal import Journal
from wyoming_voiceclone.workers.log_file import LIMIT_BYTES, LOOK_S, append, follow, last_lines


def test_it_never_takes_more_than_two_files(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for number in range(50):
        append(path, [f"{number:06} " + "x" * 92] * 1_000)
    sizes = {one.name: one.stat().st_size for one in tmp_path.iterdir()}
    assert set(sizes) <= {"log", "log.1"}
    assert sum(sizes.values()) <= 2 * (LIMIT_BYTES + 100_000)
    assert last_lines(path, 1)[0].startswith("000049")
    assert stat.S_IMODE((tmp_path / "log.1").stat().st_mode) == 0o600


def test_the_newest_lines_are_read_across_a_change_of_files(tmp_path: Path) -> None:
    path = tmp_path / "log"
    append(path, ["one", "two"])
    path.replace(tmp_path / "log.1")
    append(path, ["drei \ud800", "vier"])
    assert last_lines(path, 3) == ["two", "drei ?", "vier"]
    assert last_lines(path, 0) == []
    assert last_lines(tmp_path / "none", 3) == []


def test_following_misses_nothing_when_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    append(path, ["old", "before"])
    lines = follow(path, 1)
    assert next(lines) == "before"
    append(path, ["größer", "last of its file"])
    os.replace(path, tmp_path / "log.1")  # noqa: PTH105 -- as the writer does
    append(path, ["first of the next"])
    later = threading.Timer(0.5, append, (path, ["later"]))
    later.start()
    told = list(itertools.islice(lines, 4))
    later.join()
    assert told == ["größer", "last of its file", "first of the next", "later"]


def test_following_repeats_nothing_while_there_is_no_new_file_yet(tmp_path: Path) -> None:
    path = tmp_path / "log"
    append(path, ["old", "before"])
    lines = follow(path, 1)
    assert next(lines) == "before"
    append(path, ["last of its file"])
    path.replace(tmp_path / "log.1")
    later = threading.Timer(3 * LOOK_S, append, (path, ["first of the next"]))
    later.start()
    told = list(itertools.islice(lines, 2))
    later.join()
    assert told == ["last of its file", "first of the next"]


async def test_what_a_terminal_would_obey_is_not_kept(tmp_path: Path) -> None:
    journal = Journal("csm", tmp_path / "log")
    journal.log(30, "\x1b]0;mine\x07 \x9b2J größer\tthan\nthat")
    await journal.aclose()
    kept = (tmp_path / "log").read_text("utf-8")
    assert kept.endswith("\\x1b]0;mine\\x07 \\x9b2J größer\tthan\nthat\n")


async def test_a_log_that_cannot_be_written_is_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "log").mkdir()
    journal = Journal("csm", tmp_path / "log")
    for number in range(3):
        journal.log(30, f"message {number}")
    await journal.aclose()
    journal.log(30, "message 3")
    await journal.aclose()
    assert len([one for one in caplog.messages if "its log cannot be kept" in one]) == 1
    assert len([one for one in caplog.messages if one.startswith("message")]) == 4
