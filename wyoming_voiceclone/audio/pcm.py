"""PCM: how chunks travel on the wire, 16-bit little-endian mono."""

import numpy as np
import numpy.typing as npt

from wyoming_voiceclone.audio.chunk import Chunk

WIDTH = 2
"""Bytes per sample."""

_ONE = 32_768.0


def to_pcm16(chunk: Chunk) -> bytes:
    """Rounded and clipped; NaN becomes silence."""
    bounded: Chunk = np.nan_to_num(np.clip(chunk, -1, 1))
    samples: npt.NDArray[np.int16] = np.minimum(np.rint(bounded * _ONE), _ONE - 1).astype("<i2")
    return samples.tobytes()


def from_pcm16(pcm: bytes) -> Chunk:
    """The exact inverse of `to_pcm16`. Raises ValueError for half a sample."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_ONE)
