"""An engine that counts as installed, in an environment that borrows the libraries of this one."""

import sys
import venv
from pathlib import Path

from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.environments.installed import (
    ENVIRONMENT,
    Receipt,
    home_of,
    packages_in,
    python_of,
    site_packages,
    write_receipt,
)
from wyoming_voiceclone.environments.linking import link_packages
from wyoming_voiceclone.environments.needs import digest


def borrow_environment(engine: Engine, folders: Folders) -> Path:
    """Make its environment without the network, in 50 ms; its interpreter. Blocks."""
    assert engine.environment, f"{engine.name} has no environment"
    home = home_of(engine, folders)
    venv.create(home / ENVIRONMENT, with_pip=False, symlinks=True, clear=True)
    site = site_packages(home)
    assert site
    here = [folder for folder in sys.path if folder.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(here), "utf-8")
    link_packages(engine, site)
    write_receipt(
        home,
        Receipt(
            requirements=digest(engine.environment),
            torch="index",
            python=sys.version.split()[0],
            packages=packages_in(*map(Path, here)),
        ),
    )
    return python_of(home)
