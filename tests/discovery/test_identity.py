"""The name that survives restarts."""

import re
from pathlib import Path

from wyoming_voiceclone.discovery import identity


def test_it_stays_the_same_and_differs_between_installations(tmp_path: Path) -> None:
    first = identity(tmp_path / "a" / "b")
    assert re.fullmatch("[0-9a-f]{8}", first)
    assert identity(tmp_path / "a" / "b") == first
    assert identity(tmp_path / "c") != first
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["instance-id"]


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    for damaged in (b"", b"\xff\xfe", b"not an id"):
        (tmp_path / "instance-id").write_bytes(damaged)
        fresh = identity(tmp_path)
        assert identity(tmp_path) == fresh


def test_where_nothing_can_be_kept_it_is_still_the_same_every_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    first = identity(tmp_path / "file" / "data")
    assert re.fullmatch("[0-9a-f]{8}", first)
    assert identity(tmp_path / "file" / "data") == first
