"""Reference: the recording that a cloned voice comes from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.recording import read_recording


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    samples: Chunk
    """Shape [samples], mono."""
    rate: int
    transcript: str = ""
    """What is said in it; empty when nobody knows."""
    language: str | None = None
    """BCP-47."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def digest(self) -> str:
        """SHA-256 of what an engine can learn from it, in hex."""
        parts = (self.samples.tobytes(), str(self.rate).encode(), self.transcript.encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_reference(recording: Path, transcript: str = "", language: str | None = None) -> Reference:
    """Decode a recording. Blocks. Raises BadRecording."""
    sound = read_recording(recording)
    return Reference(sound.samples, sound.rate, transcript, language)
