"""One voice of one's own on disk: a folder with a recording in it, or just a recording.

Blocking: for threads.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.audio.recording import SUFFIXES
from wyoming_voiceclone.errors import BadRecording
from wyoming_voiceclone.voices.names import checked_name
from wyoming_voiceclone.voices.reference import Reference, read_reference
from wyoming_voiceclone.voices.reference_index import ReferenceIndex
from wyoming_voiceclone.voices.voice_toml import VoiceToml, read_voice_toml

TOML, REFERENCE, TRANSCRIPT = "voice.toml", "reference.wav", "reference.txt"
"""What a folder holds, as this program writes it."""
LONGEST_TRANSCRIPT = 10_000
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class ClonedVoice:
    """A voice of one's own: a name, a recording, and what its owner says about it."""

    name: str
    recording: Path
    transcript: str
    about: VoiceToml
    digest: str
    """Of its reference."""
    seconds: float
    """How long the recording is."""
    folder: Path | None = None
    """None where there is only a recording."""

    def reference(self) -> Reference:
        """Decode the recording. Blocks. Raises BadRecording."""
        language = next(iter(self.about.languages), None)
        return read_reference(self.recording, self.transcript, language)


@dataclass(frozen=True, slots=True)
class VoiceFiles:
    """The files that make one voice, and how they looked when they were listed."""

    path: Path
    """The folder, or the recording."""
    stamps: tuple[tuple[str, int, int], ...]
    """(name, bytes, time of the last change in ns) of each file, by name."""

    @property
    def name(self) -> str:
        return self.path.stem if self._is_loose else self.path.name

    @property
    def changed_ns(self) -> int:
        """When one of them changed last."""
        return max((stamp[2] for stamp in self.stamps), default=0)

    @property
    def is_voice(self) -> bool:
        """Whether this is meant as a voice of one's own: Piper's voices lie in folders as well."""
        names = [name for name, _, _ in self.stamps]
        return TOML in names or any(map(is_recording, names))

    @property
    def _is_loose(self) -> bool:
        return is_recording(self.path.name) and any(s[0] == self.path.name for s in self.stamps)

    def read(self, index: ReferenceIndex) -> ClonedVoice:
        """The voice. Raises BadRecording, ConfigError, BadRequest: whatever is wrong with it."""
        name = checked_name(self.name)
        folder = None if self._is_loose else self.path
        recording = self.path if folder is None else self._recording()
        about = VoiceToml() if folder is None else read_voice_toml(folder / TOML)
        transcript = _transcript(recording.with_suffix(".txt"))
        known = index.describe(recording, transcript)
        return ClonedVoice(name, recording, transcript, about, known.digest, known.seconds, folder)

    def _recording(self) -> Path:
        names = [name for name, _, _ in self.stamps if is_recording(name)]
        names = [name for name in names if Path(name).stem == "reference"] or names
        if not names:
            raise BadRecording(f"{self.path}: no recording in it — add {REFERENCE}")
        if len(names) > 1:
            fact = f"{len(names)} recordings ({', '.join(names[:3])})"
            raise BadRecording(f"{self.path}: {fact} — call the one to use {REFERENCE}")
        return self.path / names[0]


def voice_files(folder: Path) -> list[VoiceFiles]:
    """Every voice of one's own in `folder`, by name; hidden files are somebody's work in hand."""
    entries = _visible(folder)
    texts = {Path(entry.name).stem: entry for entry in entries if entry.name.endswith(".txt")}
    found: list[VoiceFiles] = []
    for entry in entries:
        path = Path(entry.path)
        if _is_folder(entry):
            found.append(VoiceFiles(path, _stamps(_visible(path))))
        elif is_recording(entry.name):
            beside = texts.get(path.stem)
            found.append(VoiceFiles(path, _stamps([entry, beside] if beside else [entry])))
    return sorted((files for files in found if files.is_voice), key=lambda files: files.name)


def is_recording(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _transcript(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_TRANSCRIPT * 4 + 1).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadRecording(
            f"{path}: cannot be read ({error.strerror}) — see who owns it"
        ) from error
    except ValueError as error:
        raise BadRecording(f"{path}: not UTF-8 text — save it as UTF-8") from error
    return checked_transcript(text, str(path))


def checked_transcript(text: str, name: str) -> str:
    """What is said in a recording, spaces tidied. Raises BadRecording when it is far too long."""
    text = " ".join(text.split())
    if len(text) > LONGEST_TRANSCRIPT:
        fact = f"{len(text)} characters, the limit is {LONGEST_TRANSCRIPT}"
        raise BadRecording(f"{name}: {fact} — only write what is said in the recording")
    return text


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _visible(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:  # absent or not ours to read: no voices there
        return []


def _stamps(entries: "Iterable[os.DirEntry[str]]") -> tuple[tuple[str, int, int], ...]:
    stamps: list[tuple[str, int, int]] = []
    for entry in list(entries)[:_MOST_FILES]:
        try:
            about = entry.stat()
        except OSError:  # removed since it was listed
            continue
        stamps.append((entry.name, about.st_size, about.st_mtime_ns))
    return tuple(sorted(stamps))
