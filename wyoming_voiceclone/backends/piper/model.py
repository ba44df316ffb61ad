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


class _Part:
    """One of the graphs, and what it reads. Open twice: for all cores and for one of them."""

    def __init__(self, file: Path, threads: int) -> None:
        self._wide = prepared_session(file, threads)
        self._narrow = prepared_session(file, 1) if threads > 1 else self._wide
        self.inputs = frozenset(i.name for i in self._wide.get_inputs())
        self.output = self._wide.get_outputs()[0].name

    def session(self, *, alone: bool) -> Session:
        return self._wide if alone else self._narrow


class CutModel:
    """The three graphs of one voice.

    `alone`: whether the run has all the cores for itself; otherwise it takes one.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        facts = Facts.read(folder)
        if facts.flow is None or facts.decoder is None:
            raise ValueError(f"{folder}: the facts of a cut voice are missing")
        self.flow, self.decoder = facts.flow, facts.decoder
        self._facts = facts
        self._text = _Part(folder / "text.onnx", threads)
        self._flow = _Part(folder / "flow.onnx", threads)
        self._decoder = _Part(folder / "decoder.onnx", threads)

    def encode(
        self,
        ids: Sequence[int],
        speaker: int,
        scales: Scales,
        random: np.random.Generator,
        *,
        alone: bool = True,
    ) -> Encoded:
        feeds = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([scales.noise, scales.length, scales.noise_w], np.float32),
            self._facts.duration_noise: random.standard_normal((1, 2, len(ids)), np.float32),
            "sid": np.array([speaker], np.int64),
        }
        feeds = {name: value for name, value in feeds.items() if name in self._text.inputs}
        mean, log_scale, durations, *rest = self._text.session(alone=alone).run(None, feeds)
        return Encoded(
            np.ascontiguousarray(mean[0].T),
            np.ascontiguousarray((np.exp(log_scale[0]) * np.float32(scales.noise)).T),
            _bounded(durations[0, 0]),
            rest[0] if rest else None,
        )

    def flowing(self, speaker: Floats | None) -> "Going":
        return Going(self._flow, self.flow, self._fixed(self._flow, speaker))

    def decoding(self, speaker: Floats | None) -> "Going":
        return Going(self._decoder, self.decoder, self._fixed(self._decoder, speaker))

    def _fixed(self, part: _Part, speaker: Floats | None) -> dict[str, ort.OrtValue]:
        name = self._facts.speaker
        if name is None or speaker is None or name not in part.inputs:
            return {}
        return {name: _value(speaker)}


def _bounded(durations: Floats) -> npt.NDArray[np.int64]:
    frames = np.clip(np.nan_to_num(durations), 0, MAX_FRAMES).astype(np.int64)
    if frames.sum() < 1:
        frames[-1] = 1  # as the whole graph does: it never returns nothing
    total = np.minimum(np.cumsum(frames), MAX_FRAMES)
    return np.diff(total, prepend=0)


class Going:
    """One sentence on its way through a stateful graph."""

    def __init__(self, part: _Part, facts: StreamFacts, fixed: dict[str, ort.OrtValue]) -> None:
        self._part, self._facts, self._fixed = part, facts, fixed
        self._outputs = [part.output, *(state.name + NEXT for state in facts.states)]
        self._state = {
            state.name: _value(np.zeros((1, state.channels, state.initial), np.float32))
            for state in facts.states
        }
        self._begin = 1

    def push(self, frames: Floats, *, end: bool, alone: bool = True) -> Floats:
        """What can be known after these frames [1, channels, n] (the first: n >= lead, or end)."""
        feeds = self._state | self._fixed
        feeds[self._facts.stream] = _value(np.ascontiguousarray(frames))
        for name, flag in (("begin", self._begin), ("end", int(end))):
            if name in self._part.inputs:
                feeds[name] = _value(np.array([flag], np.int64))
        session = self._part.session(alone=alone)
        output, *states = session.run_with_ort_values(self._outputs, feeds)
        named = zip(self._facts.states, states, strict=True)
        self._state = {} if end else {state.name: value for state, value in named}
        self._begin = 0
        result: Floats = output.numpy()
        return result


def _value(array: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy(array)
