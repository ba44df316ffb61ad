"""Where the weights of installed engines lie, and whether they are there whole."""

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
