"""Where downloaded voices lie: a folder each, complete or absent, and known as downloaded."""

import glob
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path, PurePosixPath

from wyoming_voiceclone.backends.piper.catalogue import CatalogueVoice
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.disk import check_room, disk_troubles, free_bytes_at, lock
from wyoming_voiceclone.hub.files import RemoteFile
from wyoming_voiceclone.hub.parts import part_size

_RECEIPT = "download.json"
_PARTIAL = ".partial"
_REMOVED = ".removed"


class VoiceStore:
    """The folder of downloaded voices. Everything here blocks."""

    def __init__(self, folder: Path, *, free_bytes: Callable[[Path], int] = free_bytes_at) -> None:
        self.folder = folder
        self._free_bytes = free_bytes

    def holds(self, name: str) -> bool:
        """Whether the voice was downloaded (not put there by somebody)."""
        return (self.folder / name / _RECEIPT).is_file()

    def part(self, voice: CatalogueVoice, file: RemoteFile) -> Path:
        """Where a file grows."""
        return self._parts(voice) / PurePosixPath(file.path).name

    def _parts(self, voice: CatalogueVoice) -> Path:
        """Another content grows elsewhere, so that no file is ever made of two."""
        content = hashlib.sha256(repr(voice.files).encode()).hexdigest()[:8]
        return self.folder / _PARTIAL / f"{voice.name}.{content}"

    def lock(self, name: str) -> Callable[[], None]:
        """Keep other processes from downloading the same voice until the result is called."""
        return lock(self.folder / _PARTIAL / f"{name}.lock", name)

    def check_room(self, voice: CatalogueVoice) -> None:
        """Raise DownloadError if the disk cannot take what is missing."""
        there = sum(part_size(self.part(voice, file)) for file in voice.files)
        check_room(voice.name, voice.size - there, self.folder, self._free_bytes)

    def place(self, voice: CatalogueVoice, repository: str, commit: str) -> Path:
        """Make a voice out of its complete parts, in one step."""
        target = self.folder / voice.name
        receipt = {"repository": repository, "commit": commit, "files": [*map(asdict, voice.files)]}
        with disk_troubles(target):
            if target.exists() and not self.holds(voice.name):
                raise DownloadError(f"{target}: is there already — move it away")
            return self._place(voice, receipt, target)

    def _place(self, voice: CatalogueVoice, receipt: object, target: Path) -> Path:
        parts = self._parts(voice)
        (parts / _RECEIPT).write_text(json.dumps(receipt, indent=1))
        if target.exists():  # an older version of it
            self.remove(voice.name)
        parts.replace(target)
        for older in parts.parent.glob(f"{glob.escape(voice.name)}.????????"):
            shutil.rmtree(older, ignore_errors=True)
        return target

    def remove(self, name: str) -> Path:
        """Take a downloaded voice away; it is gone at once, also when this is interrupted."""
        target = self.folder / name
        try:
            (self.folder / _PARTIAL).mkdir(exist_ok=True)
            leaving = tempfile.mkdtemp(_REMOVED, f"{name}.", self.folder / _PARTIAL)
            target.replace(leaving)
        except OSError as error:
            raise DownloadError(
                f"{target}: cannot be removed ({error.strerror}) — allow it and try again"
            ) from error
        finally:
            self.clean()
        return target

    def clean(self) -> None:
        """Delete what was removed before, when that was interrupted."""
        for leaving in (self.folder / _PARTIAL).glob(f"*{_REMOVED}"):
            shutil.rmtree(leaving, ignore_errors=True)
