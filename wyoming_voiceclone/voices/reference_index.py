"""The digests of recordings by path, size and time, so that nothing is decoded twice.

Blocking: for threads.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from wyoming_voiceclone.errors import BadRecording
from wyoming_voiceclone.lru_folder import replace_file
from wyoming_voiceclone.voices.reference import read_reference


@dataclass(frozen=True, slots=True)
class Known:
    """One recording as it was when it was decoded."""

    size: int
    changed_ns: int
    transcript: str
    """Its digest."""
    digest: str
    """Of the reference."""
    seconds: float


class ReferenceIndex:
    """Remembered in `file`; that it cannot be written costs only time."""

    def __init__(self, file: Path, folder: Path) -> None:
        """`folder` holds the recordings: when it is another one, nothing is taken for removed."""
        self._file, self._folder = file, folder
        self._identity: list[int] = []
        self._known: dict[str, Known] = {}
        self._replaced: set[str] = set()
        self._saved = self._loaded = False

    def load(self) -> None:
        """Read what was saved, the first time."""
        if not self._loaded:
            self._identity, self._known = _load(self._file)
            self._saved = self._loaded = True

    def describe(self, recording: Path, transcript: str) -> Known:
        """Decodes what is not known. Raises BadRecording."""
        try:
            about = recording.stat()
        except OSError as error:
            fact = f"cannot be read ({error.strerror})"
            raise BadRecording(f"{recording}: {fact} — see that it is there") from error
        said = hashlib.sha256(transcript.encode()).hexdigest()
        known = self._known.get(str(recording))
        if known and (known.size, known.changed_ns, known.transcript) == (
            about.st_size,
            about.st_mtime_ns,
            said,
        ):
            return known
        reference = read_reference(recording, transcript)
        new = Known(
            about.st_size, about.st_mtime_ns, said, reference.digest(), round(reference.seconds, 3)
        )
        if known and known.digest != new.digest:
            self._replaced.add(known.digest)
        self._known[str(recording)], self._saved = new, False
        return new

    def sweep(self) -> frozenset[str]:
        """The digests of recordings that were removed or replaced since the last time; saves."""
        identity = _identity(self._folder)
        gone, self._replaced = self._replaced, set()
        # an unmounted disk leaves another, empty folder behind
        if identity == self._identity:
            for path in [path for path in self._known if not os.path.lexists(path)]:
                gone.add(self._known.pop(path).digest)
                self._saved = False
        if not self._saved or identity != self._identity:
            self._identity = identity
            self._save()
        return frozenset(gone - {known.digest for known in self._known.values()})

    def _save(self) -> None:
        known = {path: astuple(one) for path, one in self._known.items()}
        data = json.dumps({"folder": self._identity, "recordings": known}).encode()
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._file, data)
        self._saved = True


def _identity(folder: Path) -> list[int]:
    try:
        about = folder.stat()
    except OSError:
        return []
    return [about.st_dev, about.st_ino]


def _load(file: Path) -> tuple[list[int], dict[str, Known]]:
    """What was saved; nothing where that cannot be read."""
    try:
        saved = json.loads(file.read_bytes())
        known = {str(path): Known(*one) for path, one in saved["recordings"].items()}
        return list(saved["folder"]), known
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return [], {}
