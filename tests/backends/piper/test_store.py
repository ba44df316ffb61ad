"""The store of downloaded voices: what was interrupted, and what several do at once."""

import os
import threading
import time
from pathlib import Path

from wyoming_voiceclone.backends.piper.store import VoiceStore
from wyoming_voiceclone.errors import DownloadError

NAME = "en_US-ada-low"


def put(store: VoiceStore) -> Path:
    folder = store.folder / NAME
    folder.mkdir(parents=True)
    (folder / "download.json").write_text("{}")
    return folder


def test_what_an_interrupted_removal_left_neither_hinders_nor_stays(tmp_path: Path) -> None:
    store = VoiceStore(tmp_path)
    left = tmp_path / ".partial" / f"{NAME}.{os.getpid()}.removed"
    left.mkdir(parents=True)
    (left / "model").touch()
    folder = put(store)
    assert store.remove(NAME) == folder
    assert not folder.exists()
    assert not list((tmp_path / ".partial").iterdir())


def test_cleaning_leaves_what_a_download_goes_on_from(tmp_path: Path) -> None:
    partial = tmp_path / ".partial"
    for name in ("x.12.removed", "x.01234567"):
        (partial / name).mkdir(parents=True)
    VoiceStore(tmp_path).clean()
    assert [path.name for path in partial.iterdir()] == ["x.01234567"]


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    store, until = VoiceStore(tmp_path), time.monotonic() + 1.0
    holders: list[int] = []
    worst: list[int] = [0]

    def take_turns(number: int) -> None:
        while time.monotonic() < until:
            try:
                release = store.lock(NAME)
            except DownloadError:
                continue
            holders.append(number)
            worst[0] = max(worst[0], len(holders))
            time.sleep(0.0001)
            holders.remove(number)
            release()

    threads = [threading.Thread(target=take_turns, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worst[0] == 1
