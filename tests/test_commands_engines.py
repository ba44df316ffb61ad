"""`engines list`, `install` and `remove`, as people use them."""

import json
import os
import pty
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from shelf import Workshop, declare_robot

from wyoming_voiceclone.testing.hub import LocalHub
from wyoming_voiceclone.workers.log_file import append

WEIGHTS = 'Weights("owner/model", ("*.bin",), Licence("CC-BY-4.0"))'
INSTALL = ("engines", "install", "--no-check")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def hub(tmp_path: Path, shop: Workshop) -> Iterator[LocalHub]:
    with LocalHub(tmp_path / "hub") as hub:
        hub.folder.mkdir(exist_ok=True)
        (hub.folder / "model.bin").write_bytes(bytes(2_000_000))
        shop.environment["HF_ENDPOINT"] = hub.url
        yield hub


def redeclare(shop: Workshop, *names: str, accept: bool = False, weights: str = "") -> None:
    shutil.rmtree(shop.packages)
    for name in names:
        declare_robot(shop.packages, name=name, accept=accept, weights=weights)


def listed(shop: Workshop) -> dict[str, dict[str, object]]:
    done = shop.run("engines", "list", "--json")
    assert done.returncode == 0, done.stderr
    return {one["name"]: one for one in json.loads(done.stdout)}


def files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_everything_about_an_engine_is_listed_before_it_is_installed(shop: Workshop) -> None:
    engines = listed(shop)
    assert {"espeak", "match", "piper", "robot"} <= set(engines)
    assert engines["espeak"]["state"] == "built in"
    robot = engines["robot"]
    assert (
        robot
        | {
            "title": "Robot",
            "state": "not installed",
            "remedy": "wyoming-voiceclone engines install robot",
            "languages": ["en", "de"],
            "clones": True,
            "reference": {"least_s": 1, "most_s": 60, "transcript": "unused"},
            "licence": "MIT",
            "device": "cpu",
            "disk_mb": 0,
        }
        == robot
    )


def test_the_list_is_a_table_that_is_printed_whole_into_a_pipe(shop: Workshop) -> None:
    lines = shop.run("engines", "list").stdout.splitlines()
    head = "engine languages clones from memory disk runs on licence"
    assert lines[0].split() == head.split()
    (robot,) = (line for line in lines if line.startswith("robot "))
    assert robot.split() == [
        *("robot", "not", "installed", "en", "de", "1–60", "s", "-", "-", "CPU", "MIT")
    ]


def test_what_does_not_exist_is_one_line(shop: Workshop) -> None:
    for arguments, said in {
        ("install", "nobody"): "error: nobody: no engine is called that — have ",
        ("install", "robot", "--torch", "gpu"): "error: --torch gpu: no such build — ",
        ("remove", "robot"): "error: robot: is not installed — ",
        ("remove", "../voices"): "error: ../voices: is not installed — ",
    }.items():
        done = shop.run("engines", *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith(said)
        assert len(done.stderr.splitlines()) == 1
    assert "part of this program" in shop.run("engines", "install", "espeak").stdout


def test_a_licence_is_never_assumed_and_asked_for_once(shop: Workshop) -> None:
    redeclare(shop, "robot", accept=True)
    refused = shop.run(*INSTALL, "robot")
    assert refused.returncode == 1
    assert "licence of robot: MIT" in refused.stderr
    assert "error: robot: MIT has to be agreed to — read it, then: wyoming-" in refused.stderr
    assert "--accept-licence" in refused.stderr
    assert not shop.home.exists()

    assert shop.run(*INSTALL, "robot", "--accept-licence").returncode == 0
    (agreed,) = json.loads((shop.data / "licences.json").read_text())["agreed"]
    assert (agreed["subject"], agreed["licence"]) == ("robot", "MIT")
    assert shop.run(*INSTALL, "robot").returncode == 0


def test_removing_leaves_nothing_but_what_another_engine_needs(
    shop: Workshop, hub: LocalHub
) -> None:
    redeclare(shop, "robot", "puppet", weights=WEIGHTS)
    done = shop.run(*INSTALL, "robot", "puppet")
    assert done.returncode == 0, done.stderr
    assert "owner/model: 2 of 2 MB" in done.stderr
    assert len([one for one in hub.requests if "model.bin" in one]) <= 2  # and its storage

    (shop.home / "log").write_text("a line\n")
    assert shop.run("engines", "remove", "robot").returncode == 0
    assert not shop.home.exists()
    assert listed(shop)["puppet"]["state"] == "ready"

    done = shop.run("engines", "remove", "puppet")
    assert done.stdout.startswith("puppet is removed: ")
    assert int(done.stdout.split()[-3]) >= 2
    assert files_in(shop.data) == []


def test_weights_may_stay_for_another_time(shop: Workshop) -> None:
    folder = shop.data / "weights/owner--model@main"
    for place, file in {folder: "model.bin", shop.home: "weights.json"}.items():
        place.mkdir(parents=True)
        (place / file).write_text('{"noted": [{"repository": "owner/model", "revision": "main"}]}')
    assert shop.run("engines", "remove", "robot", "--keep-weights").returncode == 0
    assert files_in(shop.data) == ["weights/owner--model@main/model.bin"]


def test_weights_that_are_not_to_be_had_are_told_before_libraries_come(shop: Workshop) -> None:
    redeclare(shop, "robot", weights=WEIGHTS)
    done = shop.run(*INSTALL, "robot")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert not (shop.home / "venv").exists()


def test_what_is_left_of_an_engine_that_nobody_knows_is_told_and_removed(shop: Workshop) -> None:
    (shop.home / "venv").mkdir(parents=True)
    (shop.home / "installed.json").write_text("{}")
    shutil.rmtree(shop.packages)
    told = shop.run("engines", "list").stderr
    assert told.startswith("robot: is installed, and no engine of this program is called that — ")
    assert shop.run("engines", "remove", "robot").returncode == 0
    assert files_in(shop.data) == []


def test_a_removal_that_was_interrupted_is_taken_up(shop: Workshop) -> None:
    left = shop.home.with_name(".robot.removed")
    (left / "venv").mkdir(parents=True)
    (left / "venv/a").write_text("left")
    assert shop.run("engines", "remove", "robot").returncode == 0
    assert files_in(shop.data) == []
    assert "is not installed" in shop.run("engines", "remove", "robot").stderr


def test_a_worker_that_logs_meanwhile_leaves_nothing_behind(shop: Workshop) -> None:
    (shop.home / "venv").mkdir(parents=True)
    over = threading.Event()

    def keep_logging() -> None:
        while not over.wait(0.001):
            with suppress(FileNotFoundError):
                append(shop.home / "log", ["still here"])

    logging = threading.Thread(target=keep_logging)
    logging.start()
    try:
        done = shop.run("engines", "remove", "robot")
    finally:
        over.set()
        logging.join()
    assert done.returncode == 0, done.stderr
    assert files_in(shop.data) == []


def test_what_another_engine_has_downloaded_so_far_is_kept(shop: Workshop) -> None:
    redeclare(shop, "robot", "puppet")
    assert shop.run(*INSTALL, "robot", "puppet").returncode == 0
    (shop.home.with_name("puppet") / "installed.json").unlink()  # as if it was interrupted
    cache = shop.data / "engines/.cache"
    assert shop.run("engines", "remove", "robot").returncode == 0
    assert files_in(cache)
    assert shop.run("engines", "remove", "puppet").returncode == 0
    assert files_in(shop.data) == []


def test_of_a_link_only_the_link_is_removed(shop: Workshop) -> None:
    elsewhere = shop.folder / "elsewhere"
    (elsewhere / "holidays").mkdir(parents=True)
    shop.home.parent.mkdir(parents=True)
    shop.home.symlink_to(elsewhere)
    done = shop.run("engines", "remove", "robot")
    assert done.returncode == 0, done.stderr
    assert f"what lies in {elsewhere} stays there" in done.stderr
    assert (elsewhere / "holidays").exists()
    assert "is not installed" in shop.run("engines", "remove", "robot").stderr


def at_terminal(shop: Workshop, *arguments: str, answer: str) -> tuple[int, str]:
    """Its exit status, and what a person sees."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        shop.command(*arguments),
        cwd=shop.folder,
        env=shop.environment | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    seen = b""
    try:
        while block := os.read(ours, 4096):
            seen += block
    except OSError:  # the other end was closed
        pass
    os.close(ours)
    return process.wait(), seen.decode()


def test_at_a_terminal_a_person_is_asked(shop: Workshop) -> None:
    redeclare(shop, "robot", accept=True)
    code, seen = at_terminal(shop, *INSTALL, "robot", answer="n\n")
    assert code == 1
    assert "Do you agree to MIT? [y/N]" in seen
    assert "was not agreed to — nothing was installed" in seen

    code, seen = at_terminal(shop, *INSTALL, "robot", answer="y\n")
    assert code == 0
    assert "\x1b[1mservos" in seen  # uv draws as it would by itself
    code, seen = at_terminal(shop, "engines", "remove", "robot", answer="n\n")
    assert code == 1
    assert "robot: is still there — nothing was removed" in seen
    assert shop.home.exists()
