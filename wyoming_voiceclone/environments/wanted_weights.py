"""Whose weights are whose: engines may share them, and settings may change which ones they are."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from wyoming_voiceclone.backends.declaration import Licence, Weights
from wyoming_voiceclone.backends.engine import Engine, EngineSettings, Folders
from wyoming_voiceclone.backends.weights import receipt_of, weights_folder, whole
from wyoming_voiceclone.environments.installed import engines_folder
from wyoming_voiceclone.environments.room import disk_errors
from wyoming_voiceclone.lru_folder import replace_file

_FILE = "weights.json"


class Noted(BaseModel):
    """A repository that an engine was installed with, now or with earlier settings."""

    model_config = ConfigDict(frozen=True)

    repository: str
    revision: str

    @property
    def weights(self) -> Weights:
        """As far as it is needed to find and remove them."""
        return Weights(self.repository, (), Licence(""), self.revision)


class _Notes(BaseModel):
    noted: tuple[Noted, ...] = ()


def note_weights(home: Path, weights: Sequence[Weights]) -> None:
    """Write it down before they are fetched. Raises InstallError. Blocks."""
    if not weights:
        return
    new = [Noted(repository=one.repository, revision=one.revision) for one in weights]
    noted = dict.fromkeys([*noted_weights(home), *new])
    with disk_errors(home / _FILE):
        home.mkdir(parents=True, exist_ok=True)
        text = _Notes(noted=tuple(noted)).model_dump_json(indent=1)
        replace_file(home / _FILE, text.encode())


def noted_weights(home: Path) -> Sequence[Noted]:
    try:
        return _Notes.model_validate_json((home / _FILE).read_bytes()).noted
    except (OSError, ValidationError):
        return ()


def orphaned_by(name: str, folders: Folders) -> list[Weights]:
    """What only this engine was installed with. Blocks."""
    homes = engines_folder(folders).glob(f"*/{_FILE}")
    others = {
        weights_folder(one.weights, folders)
        for file in homes
        if file.parent.name != name
        for one in noted_weights(file.parent)
    }
    own = (one.weights for one in noted_weights(engines_folder(folders) / name))
    return [one for one in own if weights_folder(one, folders) not in others]


def missing_weights(engine: Engine, settings: EngineSettings, folders: Folders) -> list[Weights]:
    """What it needs with these settings and is not here whole. Blocks."""
    return [
        one
        for one in engine.weights(settings)
        if not whole(weights_folder(one, folders), one.files)
    ]


def weights_bytes(weights: Iterable[Weights], folders: Folders) -> int:
    """What the receipts of those that are here tell."""
    places = {weights_folder(one, folders) for one in weights}
    receipts = map(receipt_of, places)
    return sum(file.size for receipt in receipts if receipt for file in receipt.files.values())
