"""How engines stand on a machine, told from files alone."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from wyoming_voiceclone.backends.declaration import Environment, Licence, Weights
from wyoming_voiceclone.backends.engine import Engine, EngineSettings, Folders
from wyoming_voiceclone.backends.weights import weights_folder
from wyoming_voiceclone.environments.installed import (
    Receipt,
    home_of,
    interpreter,
    site_packages,
)
from wyoming_voiceclone.environments.lock import locked
from wyoming_voiceclone.environments.needs import own_requirements, unmet
from wyoming_voiceclone.environments.room import freeable, occupied
from wyoming_voiceclone.environments.standing import State, standing
from wyoming_voiceclone.environments.wanted_weights import (
    note_weights,
    noted_weights,
    orphaned_by,
    weights_bytes,
)
from wyoming_voiceclone.errors import InstallError
from wyoming_voiceclone.testing.borrowed import borrow_environment
from wyoming_voiceclone.testing.scripted_engine import ENGINE

HOSTED = replace(ENGINE, environment=Environment(("emoji>=2",)))
MODEL = Weights("kyutai/model", ("*.safetensors",), Licence("CC-BY-4.0"))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


def stands(engine: Engine, folders: Folders) -> tuple[State, str]:
    found = standing(engine, engine.settings(), folders)
    return found.state, found.why


def fetch(weights: Weights, folders: Folders, size: int = 7) -> Path:
    """What is left of weights that came whole."""
    folder = weights_folder(weights, folders)
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(bytes(size))
    kept = {"model.safetensors": {"size": size, "sha256": "0" * 64}}
    receipt = {"commit": "c" * 40, "patterns": ["*.safetensors"], "files": kept}
    (folder / "fetched.json").write_text(json.dumps(receipt))
    return folder


def test_an_engine_without_an_environment_is_built_in(folders: Folders) -> None:
    assert stands(ENGINE, folders) == (State.BUILT_IN, "")
    assert interpreter(ENGINE, folders) is None


def test_an_engine_that_was_never_installed_is_not_installed(folders: Folders) -> None:
    found = standing(HOSTED, HOSTED.settings(), folders)
    assert (found.state, found.why, found.usable) == (State.NOT_INSTALLED, "", False)
    assert found.remedy == "wyoming-voiceclone engines install scripted"
    assert interpreter(HOSTED, folders) is None


def test_an_engine_with_its_environment_whole_is_ready(folders: Folders) -> None:
    python = borrow_environment(HOSTED, folders)
    assert stands(HOSTED, folders) == (State.READY, "")
    assert interpreter(HOSTED, folders) == python


def without_receipt(home: Path) -> None:
    (home / "installed.json").unlink()


def half_a_receipt(home: Path) -> None:
    (home / "installed.json").write_text('{"requirements": "')


def without_python(home: Path) -> None:
    (home / "venv/bin/python").unlink()


def of_another_program(home: Path) -> None:
    site = site_packages(home)
    assert site
    (site / "wyoming_voiceclone").unlink()
    (site / "wyoming_voiceclone").symlink_to("/usr/lib/python3/dist-packages/wyoming_voiceclone")


def of_another_version(home: Path) -> None:
    receipt = json.loads((home / "installed.json").read_bytes())
    receipt["packages"]["numpy"] = "1.0"
    (home / "installed.json").write_text(json.dumps(receipt))


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (without_receipt, "its installation was not finished"),
        (half_a_receipt, "its installation was not finished"),
        (without_python, "its Python 3."),
        (of_another_program, "it was made by another installation of this program"),
        (of_another_version, "this version of the program needs numpy>=1.26 there"),
    ],
)
def test_an_environment_that_is_not_whole_needs_repair(
    folders: Folders, harm: Callable[[Path], None], why: str
) -> None:
    borrow_environment(HOSTED, folders)
    harm(home_of(HOSTED, folders))
    state, told = stands(HOSTED, folders)
    assert state is State.NEEDS_REPAIR
    assert told.startswith(why)
    assert interpreter(HOSTED, folders) is None


def test_an_engine_that_asks_for_other_libraries_needs_repair(folders: Folders) -> None:
    borrow_environment(HOSTED, folders)
    for other in (Environment(("emoji>=3",)), Environment(("emoji>=2",), bare=("moshi==1",))):
        state, why = stands(replace(HOSTED, environment=other), folders)
        assert (state, why) == (
            State.NEEDS_REPAIR,
            "it needs other libraries than were installed",
        )


def test_a_log_alone_is_no_installation(folders: Folders) -> None:
    home_of(HOSTED, folders).mkdir(parents=True)
    (home_of(HOSTED, folders) / "log").write_text("a line\n")
    assert stands(HOSTED, folders) == (State.NOT_INSTALLED, "")


def test_an_engine_without_its_weights_needs_them(folders: Folders) -> None:
    def wanted(_settings: EngineSettings) -> Sequence[Weights]:
        return [MODEL]

    engine = replace(HOSTED, weights=wanted)
    borrow_environment(engine, folders)
    assert stands(engine, folders) == (
        State.NEEDS_WEIGHTS,
        "kyutai/model is not here, or not whole",
    )
    folder = fetch(MODEL, folders)
    assert stands(engine, folders) == (State.READY, "")
    (folder / "model.safetensors").write_bytes(b"")
    assert stands(engine, folders)[0] is State.NEEDS_WEIGHTS


def test_what_this_program_needs_is_asked_for_but_not_itself_nor_uv() -> None:
    names = {line.partition(">")[0].partition("<")[0] for line in own_requirements(ENGINE)}
    assert {"wyoming", "numpy", "pydantic", "huggingface-hub"} <= names
    assert not {"wyoming-voiceclone", "uv", "sounddevice"} & names


def test_the_first_requirement_that_is_not_met_is_named() -> None:
    packages = {"huggingface-hub": "2.4.0", "torch": "2.13.0+cpu"}
    assert unmet(["Huggingface_Hub<3,>=2.4", "torch==2.13.0"], packages) is None
    assert unmet(["torch==2.13.0", "numpy"], packages) == "numpy"
    assert unmet(["torch>=2.14"], packages) == "torch>=2.14"


def test_weights_that_no_other_engine_was_installed_with_go_with_it(folders: Folders) -> None:
    shared, own = MODEL, Weights("coqui/model", ("*",), Licence("MIT"), "a" * 40)
    robot, scripted = home_of(replace(ENGINE, name="robot"), folders), home_of(ENGINE, folders)
    note_weights(robot, [shared])
    note_weights(scripted, [shared])
    note_weights(scripted, [own])  # with other settings
    assert [one.repository for one in noted_weights(scripted)] == ["kyutai/model", "coqui/model"]
    assert [one.repository for one in orphaned_by("scripted", folders)] == ["coqui/model"]
    shutil.rmtree(robot)
    assert {one.repository for one in orphaned_by("scripted", folders)} == {
        "kyutai/model",
        "coqui/model",
    }


def test_the_room_of_weights_is_that_of_their_receipts(folders: Folders) -> None:
    fetch(MODEL, folders, size=1000)
    missing = Weights("nobody/model", ("*",), Licence("MIT"))
    some = replace(MODEL, files=("config.json",))
    assert weights_bytes([MODEL, some, missing], folders) == 1000


@pytest.mark.parametrize(
    ("asked", "version", "build", "has"),
    [
        ("cpu", "2.13.0+cpu", "cpu", True),
        ("index", "2.13.0+cpu", "cpu", True),
        ("index", "2.13.0", "cpu", False),
        ("auto", "2.13.0+cu130", "auto", True),
        ("auto", "2.13.0+cu130", "cu130", True),
        ("auto", "2.13.0+cu130", "cpu", False),
        ("cpu", "", "cu130", True),  # there is no torch to be of another build
    ],
)
def test_a_build_of_torch_is_known_by_what_was_asked_for_and_by_its_version(
    asked: str, version: str, build: str, has: bool
) -> None:
    packages = {"torch": version} if version else {}
    receipt = Receipt(requirements="", torch=asked, python="3.11", packages=packages)
    assert receipt.has_build(build) is has


def test_a_file_with_two_names_counts_once_and_is_free_when_both_are_gone(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (one / "file").write_bytes(bytes(100_000))
    os.link(one / "file", other / "file")
    assert occupied(one) == occupied(one, other) >= 100_000
    assert freeable(one) == 0
    assert freeable(one, other) == occupied(one)


def test_one_process_at_a_time_changes_an_engine(tmp_path: Path) -> None:
    home = tmp_path / "engines/robot"
    with (
        locked(home) as held,
        pytest.raises(InstallError, match="robot: another process is installing"),
        locked(home),
    ):
        pass
    assert not home.exists()
    with pytest.raises(OSError, match="Bad file descriptor"):
        fcntl.flock(held, fcntl.LOCK_UN)


def test_what_was_installed_stays_when_the_lock_is_given_back(tmp_path: Path) -> None:
    with locked(tmp_path / "robot"):
        (tmp_path / "robot/file").write_text("")
    assert (tmp_path / "robot/file").exists()
    with locked(tmp_path / "robot"):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "engines").write_text("")
    with pytest.raises(InstallError, match="cannot be used"), locked(tmp_path / "engines/robot"):
        pass
