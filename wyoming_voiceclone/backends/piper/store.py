"""Where downloaded voices lie: a folder each, complete or absent, and known as downloaded."""

import fcntl
import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from shutil import disk_usage
from typing import BinaryIO

from wyoming_voiceclone.backends.piper.catalogue import CatalogueVoice
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import RemoteFile, disk_troubles

_RECEIPT = "download.json"
_PARTIAL = ".partial"
_REMOVED = ".removed"
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
        with disk_troubles(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            while (file := _locked(path, name)) is None:
                pass

        def release() -> None:
            with file, suppress(OSError):
                path.unlink()  # while it is locked: whoever opened it before sees that it is gone

        return release

    def check_room(self, voice: CatalogueVoice) -> None:
        """Raise DownloadError if the disk cannot take what is missing."""
        parts = [self.part(voice, file) for file in voice.files]
        with disk_troubles(self.folder):
            missing = voice.size - sum(part.stat().st_size for part in parts if part.exists())
            free = self._free_bytes(self.folder)
        if free < missing + _SLACK_BYTES:
            raise DownloadError(
                f"{voice.name}: {_mb(missing)} missing, but {self.folder} has only {_mb(free)} "
                f"free — free {_mb(missing + _SLACK_BYTES - free)}"
            )

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


def _locked(path: Path, name: str) -> BinaryIO | None:
    """The file, locked; None when it was removed meanwhile, so that others lock a new one."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("wb"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait = "another process is downloading it — wait until it is there"
            raise DownloadError(f"{name}: {wait}") from None
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                stack.pop_all()
                return file
    return None


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
