"""Run the tests of engines with their real libraries, in the environments that people get.

Each engine is installed as `wyoming-voiceclone engines install` does it, without its weights, into
a folder that is kept from run to run; what its tests need comes on top. Takes names of engines
(none: all of them), and after `--` what pytest takes.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import platformdirs
from uv import find_uv_bin

from wyoming_voiceclone.backends.engine import Engine, Folders, installed_engines
from wyoming_voiceclone.environments.install import Wishes, install_environment
from wyoming_voiceclone.environments.installed import interpreter

ROOT = Path(__file__).parents[1]
KEPT = platformdirs.user_cache_path("wyoming-voiceclone-tests")
FOLDERS = Folders(KEPT / "voices", KEPT, KEPT / "cache")
SHARED = ("tests/backends/test_sampling.py",)
"""Tests of what engines share, that need torch."""


def main() -> None:
    """Exit with 1 when a test failed."""
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    engines = {name: one for name, one in installed_engines().items() if one.environment}
    names, given = words[:cut] or [*engines], words[cut + 1 :]
    results = [(name, *_tested(engines[name], given)) for name in names]
    for name, status, seconds in results:
        print(f"{name}: {'passed' if status == 0 else 'FAILED'} in {seconds:.0f} s")
    sys.exit(any(status for _, status, _ in results))


def _tested(engine: Engine, given: Sequence[str]) -> tuple[int, float]:
    print(f"\n== {engine.name}", flush=True)
    began = time.monotonic()
    wishes = Wishes(say=print, warn=print, agrees=lambda _: True, torch="cpu")
    asyncio.run(install_environment(engine, FOLDERS, wishes))
    python = interpreter(engine, FOLDERS)
    if python is None:
        raise SystemExit(f"{engine.name}: its environment is not whole — delete {KEPT}")
    with_tests = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*with_tests, "--group", "dev"], check=True, cwd=ROOT)  # noqa: S603
    tests = [f"tests/backends/{engine.name}", *SHARED]
    run = subprocess.run(  # noqa: S603
        [python, "-m", "pytest", "-q", *tests, *given],
        check=False,
        cwd=ROOT,
        env=os.environ | {"WYOMING_VOICECLONE_ENGINE_TESTS": engine.name},
    )
    return run.returncode, time.monotonic() - began


if __name__ == "__main__":
    main()
