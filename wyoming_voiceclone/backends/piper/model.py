"""A cut voice, open: phoneme ids in, frames and samples out. Blocking; safe from any thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from wyoming_voiceclone.backends.piper.entry import NEXT, Facts, StreamFacts
from wyoming_voiceclone.backends.piper.sessions import Session, prepared_session

Floats = npt.NDArray[np.float32]

MAX_FRAMES = 30_000
"""Frames of one run of ids (about 6 minutes): a bound on memory, not on speech."""


@dataclass(frozen=True, slots=True)
class Scales:
    noise: float = 0.667
    length: float = 1.0
    noise_w: float = 0.8


@dataclass(frozen=True, slots=True)
class Encoded:
    """A run of phoneme ids, ready for the flow."""

    mean: Floats
    """[ids, channels]"""
    spread: Floats
    """[ids, channels]: what the noise is multiplied by."""
    durations: npt.NDArray[np.int64]
    """Frames of each id."""
    speaker: Floats | None


class CutModel:
    """The three graphs of one voice."""

    def __init__(self, folder: Path, threads: int) -> None:
        facts = Facts.read(folder)
        if facts.flow is None or facts.decoder is None:
            raise ValueError(f"{folder}: the facts of a cut voice are missing")
        self.flow, self.decoder = facts.flow, facts.decoder
        self.hop = self.decoder.rate
        self._facts = facts
        self._text = prepared_session(folder / "text.onnx", threads)
        self._flow = prepared_session(folder / "flow.onnx", threads)
        self._decoder = prepared_session(folder / "decoder.onnx", threads)

    def encode(
        self, ids: Sequence[int], speaker: int, scales: Scales, random: np.random.Generator
    ) -> Encoded:
        feeds = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([scales.noise, scales.length, scales.noise_w], np.float32),
            self._facts.duration_noise: random.standard_normal((1, 2, len(ids)), np.float32),
            "sid": np.array([speaker], np.int64),
        }
        known = {i.name for i in self._text.get_inputs()}
        outputs = self._text.run(None, {k: v for k, v in feeds.items() if k in known})
        mean, log_scale, durations = outputs[:3]
        return Encoded(
            np.ascontiguousarray(mean[0].T),
            np.ascontiguousarray((np.exp(log_scale[0]) * np.float32(scales.noise)).T),
            _bounded(durations[0, 0]),
            outputs[3] if len(outputs) > 3 else None,
        )

    def flowing(self, speaker: Floats | None) -> "Stateful":
        return Stateful(self._flow, self.flow, self._facts.speaker, speaker)

    def decoding(self, speaker: Floats | None) -> "Stateful":
        return Stateful(self._decoder, self.decoder, self._facts.speaker, speaker)


def _bounded(durations: Floats) -> npt.NDArray[np.int64]:
    frames = np.clip(np.nan_to_num(durations), 0, MAX_FRAMES).astype(np.int64)
    if frames.sum() < 1:
        frames[-1] = 1  # as the whole graph does: it never returns nothing
    total = np.minimum(np.cumsum(frames), MAX_FRAMES)
    return np.diff(total, prepend=0)


class Stateful:
    """One sentence on its way through a stateful graph."""

    def __init__(
        self, session: Session, facts: StreamFacts, name: str | None, speaker: Floats | None
    ) -> None:
        self._session = session
        self._facts = facts
        self._state = {
            s.name: _value(np.zeros((1, s.channels, s.initial), np.float32)) for s in facts.states
        }
        known = [i.name for i in session.get_inputs()]
        self._fixed = {name: _value(speaker)} if speaker is not None and name in known else {}
        self._outputs = [session.get_outputs()[0].name, *(s.name + NEXT for s in facts.states)]
        self._begin = 1

    def push(self, frames: Floats, *, end: bool) -> Floats:
        """What can be known after these frames [1, channels, n] (the first: n >= lead, or end)."""
        feeds = self._state | self._fixed
        feeds[self._facts.stream] = _value(np.ascontiguousarray(frames))
        feeds["begin"] = _value(np.array([self._begin], np.int64))
        feeds["end"] = _value(np.array([int(end)], np.int64))
        known = {i.name for i in self._session.get_inputs()}
        feeds = {name: value for name, value in feeds.items() if name in known}
        output, *states = self._session.run_with_ort_values(self._outputs, feeds)
        self._begin = 0
        named = zip(self._facts.states, states, strict=True)
        self._state = {} if end else {state.name: value for state, value in named}
        result: Floats = output.numpy()
        return result


def _value(array: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy(array)
