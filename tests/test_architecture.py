import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = (
    "onnxruntime",
    "onnx",
    "piper",
    "espeakng_loader",
    "torch",
    "transformers",
    "huggingface_hub",
)
WHICH = f"print([m for m in {HEAVY} if m in sys.modules])"


def python(code: str) -> str:
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return run.stdout.strip()


def test_imports_point_down_and_engines_libraries_stay_in_their_engines() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(  # noqa: S603
        [lint, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stdout


def test_importing_the_package_takes_less_than_100_ms() -> None:
    code = (
        "import time; began = time.perf_counter(); import wyoming_voiceclone;"
        "print(time.perf_counter() - began)"
    )
    # the best of three: other work on the machine only ever adds
    assert min(float(python(code)) for _ in range(3)) < 0.1


@pytest.mark.parametrize(
    "code",
    [
        "import sys, wyoming_voiceclone",
        "import sys, wyoming_voiceclone.app",
        "import sys, wyoming_voiceclone.commands",
        "import sys, wyoming_voiceclone.backends.engine as e; assert e.installed_engines()",
    ],
)
def test_nothing_loads_an_engines_library_before_the_engine_is_used(code: str) -> None:
    assert python(f"{code}; {WHICH}") == "[]"


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_asking_what_there_is_loads_no_engine(flag: str) -> None:
    code = (
        "import sys; from wyoming_voiceclone.commands import cli;"
        f"cli([{flag!r}], standalone_mode=False); {WHICH}"
    )
    assert python(code).splitlines()[-1] == "[]"


@pytest.mark.parametrize(("folder", "most"), [("wyoming_voiceclone", 250), ("tests", 400)])
def test_modules_are_short_enough_to_be_read(folder: str, most: int) -> None:
    long = {
        str(module.relative_to(ROOT)): lines
        for module in (ROOT / folder).rglob("*.py")
        if (lines := len(module.read_text("utf-8").splitlines())) > most
    }
    assert not long
