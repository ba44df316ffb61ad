"""The scripted engine as one that is installed on demand: in a process of its own."""

import sys
from pathlib import Path

from programs import Shell, install, other_engines

from wyoming_voiceclone.backends import Engine, Folders
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.environments.installed import home_of
from wyoming_voiceclone.testing.borrowed import borrow_environment

NAME = "scripted"
CODE = """
from dataclasses import replace
from wyoming_voiceclone.backends import Environment
from wyoming_voiceclone.testing.scripted_engine import ENGINE as SCRIPTED

ENGINE = replace(SCRIPTED, environment=Environment(()))
"""


def declare(folder: Path) -> None:
    """What pip leaves behind: from now on the program knows the engine."""
    folder.mkdir()
    install(folder, NAME, CODE)
    sys.path.insert(0, str(folder))


def forget(folder: Path) -> None:
    sys.path.remove(str(folder))
    sys.modules.pop(f"{NAME}_engine", None)


def engine() -> Engine:
    return installed_engines()[NAME]


def install_engine(data: Path, scripted: Engine | None = None) -> Path:
    """Its environment, whole; the python in it is this one. Returns its home."""
    folders = Folders(data / "voices", data, data / "cache")
    scripted = scripted or engine()
    borrow_environment(scripted, folders)
    return home_of(scripted, folders)


def hosting_shell(folder: Path, packages: Path) -> Shell:
    """A shell whose server speaks with espeak, Match and the scripted engine alone."""
    shell = Shell(folder)
    shell.environment |= {
        "PYTHONPATH": str(packages),
        "WYOMING_VOICECLONE_FOLDERS__DATA": str(folder / "data"),
        "WYOMING_VOICECLONE_FOLDERS__VOICES": str(folder / "voices"),
        "WYOMING_VOICECLONE_FOLDERS__CACHE": str(folder / "cache"),
        "WYOMING_VOICECLONE_SPEECH__DEFAULT_VOICE": "espeak-en-us",
        "WYOMING_VOICECLONE_ROUTER__ORDER": f"{NAME},espeak",
    }
    for name in other_engines(NAME, "espeak", "match"):
        shell.environment[f"WYOMING_VOICECLONE_ENGINES__{name.upper()}__ENABLED"] = "false"
    return shell
