"""Where downloaded voices lie: a folder each, complete or absent, and known as downloaded."""

import fcntl
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from shutil import disk_usage

from wyoming_voiceclone.backends.piper.catalogue import CatalogueVoice
from wyoming_voiceclone.backends.piper.hub import RemoteFile, unwritable
from wyoming_voiceclone.errors import DownloadError

_RECEIPT = "download.json"
_PARTIAL = ".partial"
_SLACK_BYTES = 50_000_000  # left free for everybody else


class VoiceStore:
    """The folder of downloaded voices. Everything here blocks."""

    def __init__(
        self, folder: Path, *, free_bytes: Callable[[Path], int] = lambda f: disk_usage(f).free
    ) -> None:
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
        path = self.folder / _PARTIAL / f"{name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("wb")
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise DownloadError(
                f"{name}: another process is downloading it — wait until it is there"
            ) from error

        def release() -> None:
            path.unlink(missing_ok=True)
            file.close()

        return release

    def check_room(self, voice: CatalogueVoice) -> None:
        """Raise DownloadError if the disk cannot take what is missing."""
        parts = [self.part(voice, file) for file in voice.files]
        missing = voice.size - sum(part.stat().st_size for part in parts if part.exists())
        free = self._free_bytes(self.folder)
        if free < missing + _SLACK_BYTES:
            raise DownloadError(
                f"{voice.name}: {_mb(missing)} missing, but {self.folder} has only {_mb(free)} "
                f"free — free {_mb(missing + _SLACK_BYTES - free)}, then try again"
            )

    def place(self, voice: CatalogueVoice, repository: str, commit: str) -> Path:
        """Make a voice out of its complete parts, in one step."""
        target = self.folder / voice.name
        if target.exists() and not self.holds(voice.name):
            raise DownloadError(f"{target}: is there already — move it away, then try again")
        receipt = {"repository": repository, "commit": commit, "files": [*map(asdict, voice.files)]}
        try:
            return self._place(voice, receipt, target)
        except OSError as error:
            raise unwritable(target, error) from error

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
        leaving = self.folder / _PARTIAL / f"{name}.{os.getpid()}.removed"
        try:
            leaving.parent.mkdir(exist_ok=True)
            target.replace(leaving)
            shutil.rmtree(leaving)
        except OSError as error:
            raise DownloadError(
                f"{target}: cannot be removed ({error.strerror}) — allow it and try again"
            ) from error
        return target


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
