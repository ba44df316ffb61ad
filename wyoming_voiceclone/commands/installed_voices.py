"""The doctor's look at the voices on disk: can each be read. Blocking: for a thread."""

from collections.abc import Iterator
from pathlib import Path

from wyoming_voiceclone.commands.findings import Finding, broken, failed, note, well
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.hosting import folders_of
from wyoming_voiceclone.voices.reference_index import ReferenceIndex
from wyoming_voiceclone.voices.voice_folder import voice_files

_PIPER_REMEDY = "remove it and download it again"
_INPUTS = {"input", "input_lengths", "scales"}
"""Of a Piper model; one with several speakers takes `sid` besides."""


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
    # only for those who ask: they bring pydantic models and the hub's client in
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
    """Whether it is whole, and the model of a Piper voice."""
    import onnx  # noqa: PLC0415 -- 0.1 s for a medium voice; onnxruntime's own loading takes 2 s

    try:
        asks = {one.name for one in onnx.load(model).graph.input}
    except Exception as error:  # noqa: BLE001 -- protobuf, the disk, or no memory
        yield broken(f"voice {model.stem}", f"{model} cannot be loaded ({error})", _PIPER_REMEDY)
        return
    if lacking := _INPUTS - asks:
        fact = f"{model} is no Piper voice: it has no input {' or '.join(sorted(lacking))}"
        yield broken(f"voice {model.stem}", fact, _PIPER_REMEDY)
