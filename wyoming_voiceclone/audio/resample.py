"""Resampling of a stream to another rate, chunk by chunk."""

from typing import cast

import numpy as np
import soxr

from wyoming_voiceclone.audio.chunk import Chunk

_NOTHING: Chunk = np.zeros(0, np.float32)


class Resampler:
    """One stream from `source_rate` to `target_rate`; equal rates pass unchanged.

    What comes out does not depend on how the stream was cut, and is as long as what went in. The
    filter holds up to 60 ms back (measured), so the first chunks may come out empty; `finish`
    gives the rest.
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self._stream = (
            None
            if source_rate == target_rate
            else soxr.ResampleStream(source_rate, target_rate, 1, dtype="float32", quality="HQ")
        )

    def feed(self, chunk: Chunk) -> Chunk:
        return chunk if self._stream is None else self._resampled(chunk, last=False)

    def finish(self) -> Chunk:
        """What the filter still held; the resampler is used up then."""
        return _NOTHING if self._stream is None else self._resampled(_NOTHING, last=True)

    def _resampled(self, chunk: Chunk, *, last: bool) -> Chunk:
        assert self._stream is not None  # noqa: S101 - the two callers asked
        contiguous = np.ascontiguousarray(chunk, np.float32)
        return cast("Chunk", self._stream.resample_chunk(contiguous, last=last))
