"""FLAC: a recording and a note about it in one file, kept or refused whole."""

import io
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soundfile

from wyoming_voiceclone.audio.chunk import Chunk

_ONE = 32_768.0


@dataclass(frozen=True, slots=True)
class Recording:
    """16-bit mono samples that stand for up to ±`scale`."""

    rate: int
    samples: npt.NDArray[np.int16]
    scale: float = 1.0

    @classmethod
    def of(cls, rate: int, chunk: Chunk) -> "Recording":
        """Keep samples of any amplitude; those of a 16-bit source exactly."""
        finite = np.nan_to_num(chunk, posinf=0.0, neginf=0.0)
        peak = float(np.abs(finite).max(initial=0.0))
        scale = float(2.0 ** np.ceil(np.log2(peak))) if peak > 0 else 1.0
        if finite.max(initial=0.0) * (_ONE / scale) > _ONE - 0.5:
            scale *= 2  # -32768 is a 16-bit sample, +32768 is not
        samples = np.rint(finite.astype(np.float64) * (_ONE / scale))
        return cls(rate, np.minimum(samples, _ONE - 1).astype(np.int16), scale)

    def chunk(self, start: int, end: int) -> Chunk:
        return self.samples[start:end].astype(np.float32) * np.float32(self.scale / _ONE)


def encode(recording: Recording, note: str) -> bytes:
    """A FLAC file whose comment holds the scale and `note`. Raises ValueError for an odd rate."""
    file = io.BytesIO()
    try:
        with soundfile.SoundFile(file, "w", recording.rate, 1, "PCM_16", format="FLAC") as flac:
            flac.comment = f"{_checksum(recording, note):08x} {recording.scale!r} {note}"
            flac.write(recording.samples)
    except soundfile.SoundFileError as error:
        raise ValueError(str(error)) from error
    return file.getvalue()


def decode(data: bytes) -> tuple[Recording, str]:
    """What was encoded. Raises ValueError for anything but a whole, unchanged file of ours."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as flac:
            checksum, scale, note = flac.comment.split(" ", 2)
            recording = Recording(flac.samplerate, flac.read(dtype="int16"), float(scale))
    except soundfile.SoundFileError as error:
        raise ValueError(str(error)) from error
    if int(checksum, 16) != _checksum(recording, note):
        raise ValueError("the checksum does not match")
    return recording, note


def _checksum(recording: Recording, note: str) -> int:
    about = f"{recording.rate} {recording.scale!r} {note}"
    return zlib.crc32(recording.samples.tobytes(), zlib.crc32(about.encode()))
