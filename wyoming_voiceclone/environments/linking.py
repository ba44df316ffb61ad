"""How this package gets into an engine's environment: as a link, so it is of the same version.

However the program was installed (editable, from a wheel, in a container), the worker runs the
code that the server runs, also after an upgrade of the server in place.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from wyoming_voiceclone.backends.engine import ENTRY_POINTS, Engine
from wyoming_voiceclone.environments.needs import entry_point_of, linked_packages

_ABOUT = "voiceclone_link-0.dist-info"


def link_packages(engine: Engine, site: Path) -> None:
    """Link what the engine's worker runs, and tell it which engine there is. Raises OSError."""
    for name, path in linked_packages(engine).items():
        with suppress(FileNotFoundError):
            (site / name).unlink()
        (site / name).symlink_to(path)
    _declare(engine, site / _ABOUT)


def _declare(engine: Engine, about: Path) -> None:
    """An entry point for this engine alone: the others' libraries are not there."""
    point = entry_point_of(engine)
    if point is None:
        return
    shutil.rmtree(about, ignore_errors=True)
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: voiceclone-link\nVersion: 0\n")
    (about / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{engine.name} = {point.value}\n")
