"""Phrases on disk: one FLAC file each, the longest unheard ones removed. Blocking: for threads."""

import json
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.audio import flac
from wyoming_voiceclone.audio.flac import Recording
from wyoming_voiceclone.backends import Timing
from wyoming_voiceclone.lru_folder import LruFolder, Size


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence as it was spoken."""

    recording: Recording
    full_scale: float
    timings: tuple[Timing, ...]


class PhraseStore:
    """The folder. Other processes may write to and clean the same one."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._files = LruFolder(folder, ".flac", limit_bytes, spread=True)

    @property
    def size(self) -> Size:
        return self._files.size

    def read(self, key: str) -> Phrase | None:
        """The phrase; None where there is none. A corrupt file is removed."""
        if (data := self._files.read(key)) is None:
            return None
        try:
            phrase = _decode(data)
        except (ValueError, KeyError, TypeError):
            self._files.remove(key)
            return None
        self.touch(key)
        return phrase

    def touch(self, *keys: str) -> None:
        """Mark as heard just now."""
        self._files.touch(*keys)

    def write(self, key: str, phrase: Phrase) -> None:
        """Keep `phrase` and make room when the limit is passed. Raises OSError."""
        self._files.write(key, _encode(phrase))

    def count(self) -> Size:
        """Count what is there now."""
        return self._files.count()

    def make_room(self) -> None:
        """Count, and remove the longest unheard while it is too much."""
        self._files.make_room()

    def clear(self) -> None:
        """Remove every phrase. Raises OSError."""
        self._files.clear()


def _encode(phrase: Phrase) -> bytes:
    timings = [[timing.text, timing.start_s, timing.end_s] for timing in phrase.timings]
    return flac.encode(phrase.recording, json.dumps([phrase.full_scale, timings]))


def _decode(data: bytes) -> Phrase:
    recording, note = flac.decode(data)
    full_scale, timings = json.loads(note)
    return Phrase(recording, full_scale, tuple(Timing(*timing) for timing in timings))
