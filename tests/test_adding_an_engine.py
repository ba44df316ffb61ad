"""The guide's worked example, done as the guide tells."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from programs import Shell
from recordings import encoded, pitch, tone
from uv import find_uv_bin

from wyoming_voiceclone.audio.chunk import Chunk

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/adding-an-engine.md").read_text("utf-8")
_FILE = re.compile(r"```\w+\n# (\S+\.\w+)\n(.+?)```", re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide") / "chant"
    for name, content in _FILE.findall(PAGE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return folder


@pytest.fixture(scope="module")
def installed(package: Path) -> Path:
    target = package.parent / "packages"
    run = subprocess.run(  # noqa: S603
        [find_uv_bin(), "pip", "install", "--no-deps", "--target", target, package],
        capture_output=True,
        text=True,
        check=False,
    )
    if "connect" in run.stderr:
        pytest.skip("the build tool of the example cannot be fetched: no network")
    assert run.returncode == 0, run.stderr
    return target


@pytest.fixture
def shell(installed: Path, tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.environment["PYTHONPATH"] = str(installed)
    return shell


def is_on_the_note(samples: Chunk, rate: int, hz: float) -> bool:
    """Whether its strongest partial is one of that note's."""
    partial = pitch(samples, rate)
    return abs(partial - hz * round(partial / hz)) < 4


def test_the_guide_has_every_file_that_it_lists(package: Path) -> None:
    listed = re.findall(r"^    (\S+\.\w+)", PAGE.partition("## 1.")[0], re.MULTILINE)
    files = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert files == set(listed) != set()


def test_its_own_tests_pass(package: Path, shell: Shell) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests", "-o", "asyncio_mode=auto"],
        cwd=package,
        env={**os.environ, **shell.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout


def test_it_speaks_and_clones_from_the_command_line(shell: Shell) -> None:
    sung = shell.run("say", "--voice", "monk", "-o", "chant.wav", "Ave Maria, gratia plena.")
    assert sung.returncode == 0, sung.stderr
    samples, rate = soundfile.read(shell.folder / "chant.wav", dtype="float32")
    assert is_on_the_note(samples, rate, 110)
    (shell.folder / "memo.wav").write_bytes(encoded(tone(3, hz=250)))
    added = shell.run("voices", "add", "grandma", "memo.wav", "--engine", "chant")
    assert added.returncode == 0, added.stderr
    sung = shell.run("say", "--voice", "grandma", "-o", "grandma.wav", "Ave Maria.")
    assert sung.returncode == 0, sung.stderr
    samples, rate = soundfile.read(shell.folder / "grandma.wav", dtype="float32")
    assert is_on_the_note(samples, rate, 250)


def test_its_settings_are_in_the_configuration(shell: Shell) -> None:
    shown = shell.run("config").stdout
    assert "[engines.chant]" in shown
    assert "The note of his own voice" in shown
    (shell.folder / "c.toml").write_text("[engines.chant]\npitch_hz = 20\n")
    refused = shell.run("serve", "--config", "c.toml")
    assert refused.returncode != 0
    assert "pitch_hz" in refused.stderr
