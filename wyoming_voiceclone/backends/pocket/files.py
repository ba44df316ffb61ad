"""Where the files of the chosen models lie on this machine."""

from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.pocket.catalogue import MODELS, PublishedFile, needed
from wyoming_voiceclone.backends.pocket.settings import PocketSettings
from wyoming_voiceclone.backends.weights import chosen, fetched
from wyoming_voiceclone.errors import BackendUnavailable


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """One model's."""

    name: str
    weights: Path
    tokenizer: Path
    voices: tuple[Path, ...]
    """Folders with exported voices, the first one first; they need not be there."""
    identity: str
    """Of the weights: what a voice's state is bound to."""


def locate(settings: PocketSettings, folders: Folders) -> tuple[ModelFiles, ...]:
    """The files of every chosen model. Blocks. Raises BackendUnavailable when some are missing."""
    find = _own if settings.model else _installed
    return tuple(find(name, settings, folders) for name in settings.chosen.values())


def _own(name: str, settings: PocketSettings, folders: Folders) -> ModelFiles:
    model = MODELS[name]
    first, *others = needed([name], cloning=settings.cloning, voices=False)
    found = chosen(first, folders, "pocket", settings.model)
    for one in others:
        chosen(one, folders, "pocket", settings.model)
    return ModelFiles(
        name,
        found.folder / model.cloning.path,
        found.folder / model.tokenizer.path,
        (*_exported(name, settings), found.folder / model.voices_folder),
        found.commit,
    )


def _installed(name: str, settings: PocketSettings, folders: Folders) -> ModelFiles:
    model = MODELS[name]
    weights = model.cloning if settings.cloning else model.plain
    voices = [_folder(model.voices, settings, folders) / model.voices_folder]
    return ModelFiles(
        name,
        _file(weights, settings, folders),
        _file(model.tokenizer, settings, folders),
        (*_exported(name, settings), *(voices if settings.own_voices else ())),
        weights.commit,
    )


def _file(file: PublishedFile, settings: PocketSettings, folders: Folders) -> Path:
    path = _folder(file, settings, folders) / file.path
    if not path.is_file():  # a model chosen after the others had been installed
        raise BackendUnavailable(
            f"{file.path} of {file.repository} is not here — "
            f"run `wyoming-voiceclone engines install pocket`"
        )
    return path


def _folder(file: PublishedFile, settings: PocketSettings, folders: Folders) -> Path:
    names = list(settings.chosen.values())
    for weights in needed(names, cloning=settings.cloning, voices=settings.own_voices):
        if (weights.repository, weights.revision) == (file.repository, file.commit):
            return fetched(weights, folders, "pocket").folder
    return folders.data  # nothing of it is wanted


def _exported(name: str, settings: PocketSettings) -> tuple[Path, ...]:
    return (Path(settings.voices).expanduser() / name,) if settings.voices else ()
