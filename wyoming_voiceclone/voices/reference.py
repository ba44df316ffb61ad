"""Reference: the recording that a cloned voice comes from."""

import hashlib
from dataclasses import dataclass

from wyoming_voiceclone.audio.chunk import Chunk


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
