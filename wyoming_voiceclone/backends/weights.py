"""Where the weights of installed engines lie, and whether they are there whole."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wyoming_voiceclone.backends.declaration import Weights
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.errors import BackendUnavailable

RECEIPT = "fetched.json"
"""A `Receipt`."""


class KeptFile(BaseModel):
    model_config = ConfigDict(frozen=True)

    size: int
    """Bytes."""
    sha256: str


class Receipt(BaseModel):
    """What is there whole; written last."""

    model_config = ConfigDict(frozen=True)

    commit: str = Field(min_length=1)
    patterns: tuple[str, ...] | None = None
    """What was asked for; None (a receipt made by hand): whatever anybody may ask for."""
    files: dict[str, KeptFile] = {}


@dataclass(frozen=True, slots=True)
class FetchedWeights:
    folder: Path
    """With the repository's files under their own paths."""
    commit: str


def weights_folder(weights: Weights, folders: Folders) -> Path:
    """Where they belong, there or not; engines that need the same ones share them."""
    name = weights.repository.replace("/", "--")
    return folders.data / "weights" / f"{name}@{weights.revision[:12]}"


def fetched(weights: Weights, folders: Folders, engine: str) -> FetchedWeights:
    """The weights as installed. Blocks. Raises BackendUnavailable when they are not here whole."""
    folder = weights_folder(weights, folders)
    receipt = whole(folder, weights.files)
    if receipt is None:
        raise BackendUnavailable(
            f"{weights.repository} is not here, or not whole — "
            f"run `wyoming-voiceclone engines install {engine}`"
        )
    return FetchedWeights(folder, receipt.commit)


def receipt_of(folder: Path) -> Receipt | None:
    try:
        return Receipt.model_validate_json((folder / RECEIPT).read_bytes())
    except (OSError, ValidationError):
        return None


def whole(folder: Path, patterns: Sequence[str]) -> Receipt | None:
    """The receipt, if everything that matches is in the folder, each file of its size. Blocks."""
    receipt = receipt_of(folder)
    if receipt is None or not {*patterns} <= {*(receipt.patterns or patterns)}:
        return None
    for path, file in receipt.files.items():
        asked = any(fnmatchcase(path, pattern) for pattern in patterns)
        if asked and _size(folder / path) != file.size:
            return None
    return receipt


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def chosen(weights: Weights, folders: Folders, engine: str, own: str = "") -> FetchedWeights:
    """A folder of one's `own` with the same files; "" = the weights as installed. Blocks.

    In place of the commit of an own one: a digest of its files' sizes and times. Raises
    BackendUnavailable when something is missing.
    """
    if not own:
        return fetched(weights, folders, engine)
    folder = Path(own).expanduser()
    found = {path for pattern in weights.files for path in folder.glob(pattern)}
    for pattern in weights.files:
        if not any(path.match(pattern) for path in found):
            raise BackendUnavailable(
                f"{folder} has no {pattern} — put it there, in the layout of {weights.repository}, "
                f'or set [engines.{engine}] model = ""'
            )
    return FetchedWeights(folder, digest(*found))


def digest(*files: Path) -> str:
    """Which files these are, by name, size and time. Blocks. Raises BackendUnavailable."""
    parts = []
    for file in sorted(files):
        try:
            stat = file.stat()
        except OSError as error:
            raise BackendUnavailable(
                f"{file}: {error.strerror} — the model is not whole: copy it again"
            ) from None
        parts.append(f"{file.name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
