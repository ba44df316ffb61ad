"""Installing an engine with real uv, real environments and a real worker."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from shelf import Workshop, declare_robot, served, wheel

SLOW = "servos"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def state(shop: Workshop) -> tuple[str, str]:
    listed = json.loads(shop.run("engines", "list", "--json").stdout)
    (robot,) = (one for one in listed if one["name"] == "robot")
    return robot["state"], robot["why"]


def test_an_engine_is_installed_started_and_speaks(shop: Workshop) -> None:
    for place in (shop.folder, shop.packages):  # neither is its environment
        (place / "servos.py").write_text("raise OSError('of somebody else')")
    done = shop.run("engines", "install", "robot")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("robot is installed: ")
    assert "robot: starting it once" in done.stderr

    said = shop.run("say", "one two", "--voice", "ada", "-o", "ada.wav")
    assert said.returncode == 0, said.stderr
    assert (shop.folder / "ada.wav").stat().st_size > 1000


def test_the_environment_runs_this_program_and_knows_this_engine_alone(shop: Workshop) -> None:
    assert shop.run("engines", "install", "robot", "--no-check").returncode == 0
    code = (
        "import wyoming_voiceclone, robot_engine, servos, gears;"
        "from importlib.metadata import entry_points as found;"
        "own = [e for e in found(group='wyoming_voiceclone.engines') if e.dist.version == '0'];"
        "print(wyoming_voiceclone.__file__, robot_engine.__file__, servos.__file__, own)"
    )
    run = subprocess.run(  # noqa: S603
        [shop.home / "venv/bin/python", "-I", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    ours, robots, servos, engines = run.stdout.split(maxsplit=3)
    site = shop.home / f"venv/lib/{Path(servos).parents[1].name}/site-packages"
    assert [Path(path).parent for path in (robots, servos)] == [site, site]
    assert Path(ours) == site / "wyoming_voiceclone/__init__.py"
    assert Path(ours).resolve().parts[-2] == "wyoming_voiceclone"
    assert "robot_engine:ENGINE" in engines
    assert engines.count("EntryPoint(") == 1


def test_installing_it_again_changes_nothing_until_it_is_to_be_made_anew(shop: Workshop) -> None:
    shop.run("engines", "install", "robot", "--no-check")
    receipt = shop.home / "installed.json"
    before = receipt.stat()
    done = shop.run("engines", "install", "robot", "--no-check")
    assert done.returncode == 0
    assert receipt.stat().st_ino == before.st_ino

    # what is scratched there is so in uv's cache: they share the file
    (module,) = shop.home.glob("venv/lib/python*/site-packages/servos.py")
    module.write_text("raise OSError('scratched')")
    assert shop.run("engines", "install", "robot", "--no-check", "--anew").returncode == 0
    assert "scratched" not in module.read_text()


def test_an_engine_that_does_not_start_is_told_with_the_reason(shop: Workshop) -> None:
    wheel(shop.shelf, "servos", "2.1", {"servos.py": "raise OSError('scratched')"})
    done = shop.run("engines", "install", "robot")
    assert done.returncode == 1
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert error.startswith("error: robot: is installed, but not well: ")
    assert error.endswith(" — wyoming-voiceclone engines install robot --anew")


def test_another_requirement_means_that_it_needs_repair(shop: Workshop) -> None:
    shop.run("engines", "install", "robot", "--no-check")
    wheel(shop.shelf, "springs", "3.0", {"springs.py": ""})
    shutil.rmtree(shop.packages)
    declare_robot(shop.packages, requirements=("servos==2.1", "springs==3.0"))
    assert state(shop) == ("needs repair", "it needs other libraries than were installed")

    assert shop.run("engines", "install", "robot", "--no-check").returncode == 0
    assert state(shop) == ("ready", "")


def test_without_its_libraries_there_is_one_clear_error_and_no_engine(shop: Workshop) -> None:
    next(shop.shelf.glob("servos-*")).unlink()
    done = shop.run("engines", "install", "robot")
    assert done.returncode == 1
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert error.startswith("error: robot: its libraries are not to be had for this machine: ")
    assert "servos" in error
    assert state(shop) == ("needs repair", "its installation was not finished")


def test_without_a_network_there_is_one_clear_error(shop: Workshop) -> None:
    del shop.environment["PIP_NO_INDEX"]
    shop.environment |= {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    done = shop.run("engines", "install", "robot")
    assert done.returncode == 1
    assert "error: robot: 127.0.0.1:9 cannot be reached — see to the network" in done.stderr


def test_pips_settings_hold_for_uv_too(shop: Workshop) -> None:
    other = shop.folder / "another-shelf"
    other.mkdir()
    shutil.move(next(shop.shelf.glob("servos-*")), other)
    del shop.environment["UV_FIND_LINKS"]
    shop.environment["PIP_FIND_LINKS"] = f"{shop.shelf} {other}"
    done = shop.run("engines", "install", "robot", "--no-check")
    assert done.returncode == 0, done.stderr


def test_a_project_of_the_folder_it_is_run_in_has_no_say(shop: Workshop) -> None:
    (shop.folder / "pyproject.toml").write_text("[tool.uv]\nfind-links = 7\n")
    assert shop.run("engines", "install", "robot", "--no-check").returncode == 0


class SlowShelf(SimpleHTTPRequestHandler):
    """Serves wheels; one of them comes when it is let go."""

    asked = threading.Event()
    go = threading.Event()

    def do_GET(self) -> None:
        if SLOW in self.path:
            self.asked.set()
            self.go.wait(30)
        super().do_GET()

    def log_message(self, *_args: object) -> None:
        """Be quiet."""


@pytest.fixture
def slow(shop: Workshop) -> Iterator[type[SlowShelf]]:
    class Slow(SlowShelf):
        asked, go = threading.Event(), threading.Event()

    with served(shop.shelf, Slow) as url:
        shop.environment["UV_FIND_LINKS"] = f"{url}/"
        yield Slow
        Slow.go.set()


def begun(shop: Workshop) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603
        shop.command("engines", "install", "robot", "--no-check"),
        cwd=shop.folder,
        env=shop.environment,
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_an_installation_that_is_killed_is_not_whole_and_can_be_taken_up(
    shop: Workshop, slow: type[SlowShelf]
) -> None:
    process = begun(shop)
    assert slow.asked.wait(30)
    process.kill()
    process.communicate()
    assert state(shop) == ("needs repair", "its installation was not finished")

    # uv goes on alone, and nobody may get in its way
    again = shop.run("engines", "install", "robot", "--no-check")
    assert "error: robot: another process is installing or removing it" in again.stderr
    slow.go.set()
    deadline = time.monotonic() + 30
    while shop.run("engines", "install", "robot", "--no-check").returncode:
        assert time.monotonic() < deadline
    assert state(shop) == ("ready", "")


def test_ctrl_c_ends_an_installation_and_leaves_nothing_that_claims_to_be_whole(
    shop: Workshop, slow: type[SlowShelf]
) -> None:
    process = begun(shop)
    assert slow.asked.wait(30)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    assert "Traceback" not in said
    assert state(shop) == ("needs repair", "its installation was not finished")
    with pytest.raises(ProcessLookupError):  # uv has gone, too
        os.killpg(process.pid, 0)
