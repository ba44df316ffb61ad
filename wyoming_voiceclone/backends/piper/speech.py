"""One run of phoneme ids being spoken: chunk after chunk, nothing computed twice."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.piper.model import CutModel, Encoded, Floats, Scales
from wyoming_voiceclone.backends.piper.sessions import Session

_FLOW_BLOCK = 160
"""Frames that the flow takes at a time: its 28 MB of weights are read once per run (3 ms)."""


class Speech(Protocol):
    """Blocking; one thread at a time."""

    durations: npt.NDArray[np.int64]
    """Frames of each phoneme id."""

    @property
    def frames_left(self) -> int: ...

    def chunk(self, frames: int, *, alone: bool = True) -> Chunk:
        """The next `frames` frames of sound, or somewhat more when little would be left.

        `alone`: on all the cores instead of one.
        """
        ...


class CutSpeech:
    """Speech of a voice that is cut in three."""

    def __init__(self, model: CutModel, encoded: Encoded, random: np.random.Generator) -> None:
        self.durations = encoded.durations
        self._index = np.repeat(np.arange(len(encoded.durations)), encoded.durations)
        self._model, self._encoded, self._random = model, encoded, random
        self._flow = model.flowing(encoded.speaker)
        self._decoder = model.decoding(encoded.speaker)
        self._z = np.empty((1, encoded.mean.shape[1], len(self._index)), np.float32)
        self._entered = 0  # frames that went into the flow
        self._flowed = 0  # frames that came out of it
        self._decoded = 0  # frames that went into the decoder

    @property
    def frames_left(self) -> int:
        return len(self._index) - self._decoded

    def chunk(self, frames: int, *, alone: bool = True) -> Chunk:
        total, start = len(self._index), self._decoded
        end = start + frames if start else max(frames, 1) + self._model.decoder.lead - 1
        if total - end < frames // 3:
            end = total
        self._flow_until(end, alone=alone)
        sound = self._decoder.push(self._z[:, :, start:end], end=end == total, alone=alone)
        self._decoded = end
        return sound.reshape(-1)

    def _flow_until(self, needed: int, *, alone: bool) -> None:
        total = len(self._index)
        while self._flowed < needed:
            first, delay = self._entered, self._model.flow.delay
            block = _FLOW_BLOCK if first or total <= _FLOW_BLOCK else 0
            last = max(needed + delay, first + block)
            if total - last < delay:
                last = total
            z = self._flow.push(self._prior(first, last), end=last == total, alone=alone)
            self._z[:, :, self._flowed : self._flowed + z.shape[2]] = z
            self._entered, self._flowed = last, self._flowed + z.shape[2]

    def _prior(self, first: int, last: int) -> Floats:
        """Frames `first` to `last` of z_p; the noise is drawn in the order of time."""
        index = self._index[first:last]
        z_p = self._encoded.mean[index]
        if self._encoded.spread.any():
            noise = self._random.standard_normal(z_p.shape, np.float32)
            z_p += noise * self._encoded.spread[index]
        return np.ascontiguousarray(z_p.T[None])


class WholeSpeech:
    """Speech of a voice whose graph is unknown: everything in the first chunk."""

    def __init__(self, session: Session, ids: Sequence[int], speaker: int, scales: Scales) -> None:
        self.durations = np.zeros(len(ids), np.int64)
        feeds = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([scales.noise, scales.length, scales.noise_w], np.float32),
            "sid": np.array([speaker], np.int64),
        }
        known = {i.name for i in session.get_inputs()}
        sound = session.run(None, {k: v for k, v in feeds.items() if k in known})[0]
        self._sound: Chunk = sound.reshape(-1)

    @property
    def frames_left(self) -> int:
        return int(self._sound.size > 0)

    def chunk(self, frames: int, *, alone: bool = True) -> Chunk:
        del frames, alone  # it has cost all its time already
        sound, self._sound = self._sound, self._sound[:0]
        return sound
