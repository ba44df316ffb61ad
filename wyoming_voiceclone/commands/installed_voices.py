"""The doctor's look at the voices on disk: can each be read. Blocking: for a thread."""

from collections.abc import Iterator
from pathlib import Path

from wyoming_voiceclone.app import folders_of
from wyoming_voiceclone.commands.findings import Finding, broken, failed, note, well
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.voices.reference_index import ReferenceIndex
from wyoming_voiceclone.voices.voice_folder import voice_files

_PIPER_REMEDY = "remove it and download it again"


def findings(settings: Settings) -> list[Finding]:
    """Those that are left out or cannot be loaded; one line where all is well."""
    if settings.engine("piper").enabled:
        ill = [*_piper(settings), *_own(settings)]
    else:
        ill = [*_own(settings)]
    return ill or [well("voice files", "every one can be read")]


def _own(settings: Settings) -> Iterator[Finding]:
    folders = settings.folders
    index = ReferenceIndex(folders.speakers / "index.json", folders.voices)
    index.load()
    for files in voice_files(folders.voices):
        try:
            files.read(index)
        except VoiceCloneError as error:
            yield from failed(f"voice {files.name}", error)


def _piper(settings: Settings) -> Iterator[Finding]:
    # onnxruntime takes long to import
    from wyoming_voiceclone.backends.piper.downloads import voice_folders  # noqa: PLC0415
    from wyoming_voiceclone.backends.piper.voice_files import find_voice_files  # noqa: PLC0415

    folders = voice_folders(folders_of(settings))
    usable = {file.model for folder in folders for file in find_voice_files([folder]).values()}
    for model in (one for folder in folders for one in _models(folder)):
        yield from _loads(model) if model in usable else _left_out(model)


def _models(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.onnx"), *folder.glob("[!.]*/*.onnx")])


def _left_out(model: Path) -> Iterator[Finding]:
    """Why a model is not among the voices."""
    from wyoming_voiceclone.backends.piper.voice_config import (  # noqa: PLC0415
        BrokenConfig,
        read_voice,
    )

    config = model.with_name(f"{model.name}.json")
    try:
        read_voice(model, config, size=0, revision="")
    except FileNotFoundError:
        yield note(f"voice {model.stem}", f"{config} is missing", "put it beside its .onnx")
    except BrokenConfig as error:
        fact, _, remedy = str(error).partition(" — ")
        yield broken(f"voice {model.stem}", fact, remedy)


def _loads(model: Path) -> Iterator[Finding]:
    from wyoming_voiceclone.backends.piper.sessions import prepared_session  # noqa: PLC0415

    try:
        prepared_session(model, 1)  # unoptimised: 0.1 s, a tenth of what speaking takes to load
    except Exception as error:  # noqa: BLE001 -- onnxruntime has a dozen kinds
        reason = " ".join(str(error).replace(str(model), "it").split())
        fact = f"{model} cannot be loaded ({reason[:120]})"
        yield broken(f"voice {model.stem}", fact, _PIPER_REMEDY)
