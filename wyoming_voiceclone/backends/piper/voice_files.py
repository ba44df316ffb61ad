"""The Piper voices on this machine: `<name>.onnx` and, beside it, its config."""

import hashlib
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from wyoming_voiceclone.backends.piper.voice_config import BrokenConfig, VoiceFile, read_voice

_LOG = logging.getLogger(__name__)


def find_voice_files(folders: Iterable[Path]) -> dict[str, VoiceFile]:
    """The voices in `folders` and one level down; of one name the first folder's. Blocks."""
    return VoiceFolders(folders).rescan()


class VoiceFolders:
    """Folders of voices, read again only where something changed. Thread-safe."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._read: dict[Path, tuple[_Stamp, VoiceFile | None]] = {}
        self._lock = threading.Lock()
        self.voices: Mapping[str, VoiceFile] = MappingProxyType({})
        """As of the last `rescan`."""

    def rescan(self) -> dict[str, VoiceFile]:
        """Look again. Blocks, for a millisecond or so when nothing changed."""
        with self._lock:
            seen: dict[Path, tuple[_Stamp, VoiceFile | None]] = {}
            found: dict[str, VoiceFile] = {}
            for model in self._models():
                with suppress(OSError):  # no config, or removed since it was listed
                    seen[model] = self._voice(model)
                    if voice := seen[model][1]:
                        found.setdefault(voice.name, voice)
            self._read = seen
            self.voices = MappingProxyType(found)
            return found

    def _models(self) -> Iterator[Path]:
        for folder in self._folders:
            entries = _entries(folder)
            yield from _models_of(entries)
            for entry in entries:
                if entry.is_dir() and not entry.name.startswith("."):
                    yield from _models_of(_entries(Path(entry.path)))

    def _voice(self, model: Path) -> "tuple[_Stamp, VoiceFile | None]":
        config = _config_beside(model)
        stamp = _Stamp.of(model, config)
        known = self._read.get(model)
        if known and known[0] == stamp:
            return known
        try:
            return stamp, read_voice(model, config, size=stamp.model[0], revision=stamp.revision())
        except BrokenConfig as error:
            _LOG.warning("%s", error)
            return stamp, None


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Tells cheaply whether one of a voice's two files changed."""

    model: tuple[int, int]
    config: tuple[int, int]

    @classmethod
    def of(cls, model: Path, config: Path) -> "_Stamp":
        sizes_and_times = [(s.st_size, s.st_mtime_ns) for s in (model.stat(), config.stat())]
        return cls(*sizes_and_times)

    def revision(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def _config_beside(model: Path) -> Path:
    """`<name>.onnx.json`, else `<name>.json`."""
    beside = model.with_name(model.name + ".json")
    return beside if beside.is_file() else model.with_suffix(".json")


def _entries(folder: Path) -> Sequence["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:  # absent or not ours to read: no voices there
        return []


def _models_of(entries: Iterable["os.DirEntry[str]"]) -> Iterator[Path]:
    return (Path(e.path) for e in entries if e.name.endswith(".onnx") and e.is_file())
