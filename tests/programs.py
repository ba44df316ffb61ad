"""Running the program itself, in a home of its own, without the network."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from wyoming_voiceclone.backends.engine import installed_engines

SILENT = {
    "WYOMING_VOICECLONE_ENGINES__PIPER__ENABLED": "false",
    "WYOMING_VOICECLONE_DISCOVERY__ENABLED": "false",
    "WYOMING_VOICECLONE_SERVER__HOST": "127.0.0.1",
    "WYOMING_VOICECLONE_SERVER__PORT": "0",
}
"""Only espeak, on the loopback."""


def other_engines(*wanted: str) -> list[str]:
    """The engines on this machine that a test does not mean."""
    return [name for name in installed_engines() if name not in wanted]


def install(folder: Path, name: str, code: str) -> None:
    """What pip leaves behind of a package with one engine."""
    (folder / f"{name}_engine.py").write_text(code, "utf-8")
    about = folder / f"{name}_engine-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Name: {name}-engine\nVersion: 1.0\n", "utf-8")
    points = f"[wyoming_voiceclone.engines]\n{name} = {name}_engine:ENGINE\n"
    (about / "entry_points.txt").write_text(points, "utf-8")


class Shell:
    """A shell in an empty home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "WYOMING_VOICECLONE_", "HF_"))
        }
        self.environment = {
            **ours,
            **SILENT,
            "HOME": str(folder),
            "HF_ENDPOINT": "http://127.0.0.1:9",
            "COLUMNS": "200",
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "wyoming_voiceclone", *arguments]

    def run(
        self, *arguments: str, stdin: str = "", before: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`before`: called in the new process, before the program begins."""
        return subprocess.run(  # noqa: S603 -- our own program
            self.command(*arguments),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            timeout=50,
            preexec_fn=before,
        )
