"""A shelf of wheels that uv installs from, so that engines are installed without the network.

What this program needs lies there as empty packages; one more borrows the real ones from the
environment that the tests run in.
"""

import os
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from programs import Shell, install

from wyoming_voiceclone.environments.installed import packages_in
from wyoming_voiceclone.environments.needs import own_requirements
from wyoming_voiceclone.testing.scripted_engine import ENGINE

SITES = [Path(path) for path in sys.path if path.endswith("site-packages")]

ROBOT = """
import dataclasses

from wyoming_voiceclone.backends import Engine, Environment, Licence, Weights
from wyoming_voiceclone.testing.scripted_engine import (
    DECLARED, ScriptedEngineBackend, ScriptedSettings,
)


def _make(settings, folders):
    import servos

    assert servos.VERSION == "2.1"
    return ScriptedEngineBackend(settings)


ENGINE = Engine(
    "{name}",
    ScriptedSettings,
    _make,
    dataclasses.replace(DECLARED, title="Robot", licence=Licence("MIT", accept={accept})),
    environment=Environment(({requirements}), bare=("gears==1.0",)),
    weights=lambda settings: [{weights}],
)
"""
"""An engine of another package: it needs servos, which borrows, and gears, whose needs are odd."""


def wheel(
    shelf: Path, name: str, version: str, files: Mapping[str, str], needs: Sequence[str] = ()
) -> Path:
    """As a build backend makes it."""
    about = f"{name.replace('-', '_')}-{version}"
    path = shelf / f"{about}-py3-none-any.whl"
    asked = "".join(f"Requires-Dist: {need}\n" for need in needs)
    metadata = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: shelf\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    infos = {f"{about}.dist-info/{file}": text for file, text in metadata.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, **infos}.items():
            archive.writestr(file, text)
        listed = [*files, *infos, f"{about}.dist-info/RECORD"]
        archive.writestr(f"{about}.dist-info/RECORD", "".join(f"{file},,\n" for file in listed))
    return path


def stock(shelf: Path) -> Path:
    """Fill the shelf."""
    shelf.mkdir()
    here = packages_in(*SITES)
    for line in own_requirements(ENGINE):
        name = canonicalize_name(Requirement(line).name)
        wheel(shelf, name, here[name], {})
    borrowing = "\n".join(map(str, SITES))
    code = {"servos.py": 'VERSION = "2.1"\n', "servos_borrow.pth": borrowing}
    wheel(shelf, "servos", "2.1", code)
    wheel(shelf, "gears", "1.0", {"gears.py": ""}, needs=["nobody-has-this==9"])
    return shelf


def declare_robot(
    place: Path,
    *,
    name: str = "robot",
    requirements: Sequence[str] = ("servos==2.1",),
    accept: bool = False,
    weights: str = "",
) -> None:
    """What pip leaves of the robot's package, in a folder for PYTHONPATH."""
    place.mkdir(exist_ok=True)
    asked = "".join(f"{one!r}, " for one in requirements)
    code = ROBOT.format(name=name, requirements=asked, accept=accept, weights=weights)
    install(place, name, code)


class Index(SimpleHTTPRequestHandler):
    """A package index over a shelf: `/simple/<name>/` has the links to its wheels."""

    def do_GET(self) -> None:
        if not self.path.startswith("/simple/"):
            super().do_GET()
            return
        name = self.path.split("/")[2].replace("-", "_")
        found = sorted(Path(self.directory).glob(f"{name}-*.whl"))
        page = "".join(f'<a href="/{one.name}">{one.name}</a>' for one in found).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_args: object) -> None:
        """Be quiet."""


@contextmanager
def served(shelf: Path, how: type[SimpleHTTPRequestHandler] = Index) -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(how, directory=str(shelf)))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


class Workshop(Shell):
    """A shell with the robot's package, and the shelf to install it from."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "home")
        self.python = sys.executable
        self.folder.mkdir()
        self.shelf = stock(folder / "shelf")
        self.packages = folder / "packages"
        declare_robot(self.packages)
        self.data = self.folder / ".local/share/wyoming-voiceclone"
        self.home = self.data / "engines/robot"
        unset = ("UV_", "PIP_", "PYTHONPATH")
        for name in [name for name in self.environment if name.startswith(unset)]:
            del self.environment[name]
        self.environment |= {
            "PYTHONPATH": str(self.packages),
            "PIP_NO_INDEX": "1",
            "UV_FIND_LINKS": str(self.shelf),
            "PATH": os.defpath,  # no nvidia-smi: as on a machine without a GPU
        }

    def command(self, *arguments: str) -> list[str]:
        return [self.python, "-m", "wyoming_voiceclone", *arguments]
