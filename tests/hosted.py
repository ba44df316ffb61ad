"""The scripted engine as one that is installed on demand: in a process of its own."""

import sys
import venv
from pathlib import Path

from programs import Shell, install, other_engines

from wyoming_voiceclone.backends import Engine, Folders
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.environments.installed import (
    ENVIRONMENT,
    RECEIPT,
    Receipt,
    home_of,
    packages_in,
    site_packages,
    write_receipt,
)
from wyoming_voiceclone.environments.linking import link_packages
from wyoming_voiceclone.environments.needs import digest

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
    assert scripted.environment
    home = home_of(scripted, folders)
    venv.create(home / ENVIRONMENT, symlinks=True)
    site = site_packages(home)
    assert site
    (site / "libraries.pth").write_text("\n".join(p for p in sys.path if p.endswith("-packages")))
    link_packages(scripted, site)
    packages = packages_in(*map(Path, sys.path))
    wanted = digest(scripted.environment)
    write_receipt(home, Receipt(requirements=wanted, torch="", python="3", packages=packages))
    assert (home / RECEIPT).exists()
    return home


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
