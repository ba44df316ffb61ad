"""A chunk: float32 mono samples in [-1, 1], and nothing else."""

import numpy as np
import numpy.typing as npt

Chunk = npt.NDArray[np.float32]
"""Shape [samples]. The rate belongs to the stream, not to the chunk."""


def silence(rate: int, seconds: float) -> Chunk:
    return np.zeros(round(rate * seconds), np.float32)
