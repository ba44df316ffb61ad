"""Two machines on one: a box and a home, each a process of its own with folders of its own."""

import json
import socket
from pathlib import Path
from typing import Any

from programs import Shell, install, other_engines

CODE = "from wyoming_voiceclone.testing.scripted_engine import ENGINE\n"
"""The scripted engine, in the server's own process."""


def packages_in(folder: Path) -> Path:
    folder.mkdir()
    install(folder, "scripted", CODE)
    return folder


def machine(folder: Path, packages: Path, *engines: str) -> Shell:
    """A shell whose server has these engines alone."""
    folder.mkdir()
    shell = Shell(folder)
    known = {*other_engines(), "scripted"}
    shell.environment |= {
        **{f"WYOMING_VOICECLONE_ENGINES__{n.upper()}__ENABLED": "false" for n in known},
        **{f"WYOMING_VOICECLONE_ENGINES__{n.upper()}__ENABLED": "true" for n in engines},
        "PYTHONPATH": str(packages),
        "WYOMING_VOICECLONE_FOLDERS__DATA": str(folder / "data"),
        "WYOMING_VOICECLONE_FOLDERS__VOICES": str(folder / "voices"),
        "WYOMING_VOICECLONE_FOLDERS__CACHE": str(folder / "cache"),
        "WYOMING_VOICECLONE_SPEECH__DEFAULT_VOICE": "espeak-en-us",
        "WYOMING_VOICECLONE_BOXES__PORT": "0",
        "WYOMING_VOICECLONE_PHRASES__LIMIT_MB": "0",
    }
    return shell


def free_port() -> int:
    """Of a box that must come back at the same one; nobody else here takes it meanwhile."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def key_for(box: Shell, home: str = "house") -> str:
    told = box.run("boxes", "pair", "--home", home)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


def boxes_of(home: Shell) -> list[dict[str, Any]]:
    told = home.run("boxes", "list", "--json")
    assert told.returncode == 0, told.stderr
    found: list[dict[str, Any]] = json.loads(told.stdout)["boxes"]
    return found
