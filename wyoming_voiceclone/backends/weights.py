"""Where the weights of installed engines lie, and whether they are there whole."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.backends.declaration import Weights
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.errors import BackendUnavailable

RECEIPT = "fetched.json"
"""Written last: `{"commit": …, "files": {path: {"size": …, "sha256": …}}}`."""


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
    try:
        commit = json.loads((folder / RECEIPT).read_bytes())["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        raise BackendUnavailable(
            f"{weights.repository} is not here, or not whole — "
            f"run `wyoming-voiceclone engines install {engine}`"
        ) from None
    return FetchedWeights(folder, str(commit))


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
    seen = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(found)]
    return FetchedWeights(folder, hashlib.sha256(repr(seen).encode()).hexdigest()[:16])
