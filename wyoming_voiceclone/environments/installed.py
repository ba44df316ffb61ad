"""Which engines are installed whole, and with what: `<data>/engines/<name>`."""

from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, ValidationError

from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.environments.needs import (
    digest,
    linked_packages,
    own_requirements,
    unmet,
)
from wyoming_voiceclone.lru_folder import replace_file

RECEIPT = "installed.json"
ENVIRONMENT = "venv"


class Receipt(BaseModel):
    """What was installed; written last, so that there is none of anything that is not whole."""

    model_config = ConfigDict(frozen=True)

    requirements: str
    """The digest of what the engine asked for."""
    torch: str
    """The build of torch that was asked for: `cpu`, `cu130`; `index` = the package index's own."""
    python: str
    packages: dict[str, str]
    """Versions, by name in its canonical form."""
    bytes: int = 0
    """What it takes on the disk, of which it may share some with other engines."""

    def has_build(self, build: str) -> bool:
        """Whether torch is there in this build, wherever it came from; also without any torch."""
        version = self.packages.get("torch")
        return version is None or build in {self.torch, version.partition("+")[2]}


def engines_folder(folders: Folders) -> Path:
    return folders.data / "engines"


def home_of(engine: Engine, folders: Folders) -> Path:
    """Everything that is installed for it, weights excepted; there or not."""
    return engines_folder(folders) / engine.name


def uv_cache(folders: Folders) -> Path:
    """What was downloaded for all of them; beside them, so that files are shared and not copied."""
    return engines_folder(folders) / ".cache"


def interpreter(engine: Engine, folders: Folders) -> Path | None:
    """The python of its environment, if it is there whole and for just these requirements. Blocks.

    None for an engine without an environment, too.
    """
    if engine.environment is None or fault(engine, folders) is not None:
        return None
    return python_of(home_of(engine, folders))


def fault(engine: Engine, folders: Folders) -> str | None:
    """Why the environment cannot be used, None when it can; "" = it was never made. Blocks."""
    home = home_of(engine, folders)
    if not (home / ENVIRONMENT).exists():
        return ""
    receipt = read_receipt(home)
    if receipt is None:
        return "its installation was not finished"
    if engine.environment and receipt.requirements != digest(engine.environment):
        return "it needs other libraries than were installed"
    if not python_of(home).exists():
        return f"its Python {receipt.python} is gone"
    if lacking := unmet(own_requirements(engine), receipt.packages):
        return f"this version of the program needs {lacking} there"
    return _unlinked(engine, home)


def python_of(home: Path) -> Path:
    return home / ENVIRONMENT / "bin" / "python"


def site_packages(home: Path) -> Path | None:
    """Where the environment's libraries lie; None when there is no environment."""
    return next((home / ENVIRONMENT).glob("lib/python*/site-packages"), None)


def packages_in(*folders: Path) -> dict[str, str]:
    """The versions of everything installed there, by name in its canonical form."""
    found = distributions(path=[str(folder) for folder in folders])
    return {canonicalize_name(one.name): one.version for one in found if one.name}


def read_receipt(home: Path) -> Receipt | None:
    try:
        return Receipt.model_validate_json((home / RECEIPT).read_bytes())
    except (OSError, ValidationError):
        return None


def write_receipt(home: Path, receipt: Receipt) -> None:
    """Raises OSError."""
    replace_file(home / RECEIPT, receipt.model_dump_json(indent=1).encode())


def receipts(folders: Folders) -> dict[str, Receipt]:
    """Of every engine that was installed, by name, known to this version or not."""
    homes = sorted(engines_folder(folders).glob(f"*/{RECEIPT}"))
    found = {path.parent.name: read_receipt(path.parent) for path in homes}
    return {name: receipt for name, receipt in found.items() if receipt}


def _unlinked(engine: Engine, home: Path) -> str | None:
    site = site_packages(home)
    for name, path in linked_packages(engine).items():
        if site is None or (site / name).resolve() != path:
            return f"it was made by another installation of this program, not the one in {path}"
    return None
