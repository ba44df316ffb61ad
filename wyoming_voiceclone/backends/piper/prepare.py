"""Cuts and checks one voice, in a process of its own: `python -m … MODEL FOLDER CONFIG NICE`.

The process takes several times the memory that the voice itself needs, and gives it back by
ending. What it writes is read by `entry`; the checked graphs sound like the unsplit one.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import ModelProto

from wyoming_voiceclone.backends.piper.attention import with_cheap_attention
from wyoming_voiceclone.backends.piper.entry import Facts, StreamFacts
from wyoming_voiceclone.backends.piper.graph import SplitError
from wyoming_voiceclone.backends.piper.model import CutModel, Scales
from wyoming_voiceclone.backends.piper.sessions import (
    Session,
    available_cores,
    save_optimised,
    whole_session,
)
from wyoming_voiceclone.backends.piper.speech import CutSpeech, WholeSpeech
from wyoming_voiceclone.backends.piper.split import split
from wyoming_voiceclone.backends.piper.stateful import Stateful, stateful

BROKEN = 3
"""Exit status: onnxruntime itself cannot read the model."""

_TOLERANCE = 1e-4  # a 16-bit sample step is 3e-5
_STILL = Scales(noise=0.0, length=1.0, noise_w=0.0)
_CHECKED_IDS = 40
_MEASURED_IDS = 100

IdMap = dict[str, list[int]]


def main() -> int:
    os.nice(int(sys.argv[4]))
    model, folder = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        whole = whole_session(model, min(4, available_cores()))
    except Exception as error:  # noqa: BLE001  onnxruntime's errors have no common root
        sys.stderr.write(f"{error}\n")
        return BROKEN
    phonemes = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))["phoneme_id_map"]
    full_scale = _full_scale(whole, phonemes)
    try:
        facts = _cut(model, folder, full_scale)
        facts.write(folder)
        _check(whole, CutModel(folder, min(4, available_cores())), phonemes)
    except Exception as error:  # noqa: BLE001  whatever is wrong: the voice can speak whole
        Facts(full_scale, reason=f"{type(error).__name__}: {error}").write(folder)
    return 0


def _cut(model: Path, folder: Path, full_scale: float) -> Facts:
    parts = split(onnx.load(str(model)))
    seams = parts.seams
    flow = stateful(parts.flow, seams.z_p, {seams.mask: 1.0})
    decoder = stateful(parts.decoder, seams.latent, {})
    if flow.rate != 1:
        raise SplitError(f"the flow makes {flow.rate} frames of each, expected 1")
    text, _ = with_cheap_attention(parts.text)
    for name, part in (("text", text), ("flow", flow.model), ("decoder", decoder.model)):
        save_optimised(_serialised(part), folder / f"{name}.onnx")
    return Facts(
        full_scale,
        duration_noise=seams.duration_noise,
        speaker=seams.speaker,
        flow=_facts(flow, seams.z_p),
        decoder=_facts(decoder, seams.latent),
    )


def _serialised(part: ModelProto) -> bytes:
    return bytes(part.SerializeToString())


def _facts(graph: Stateful, stream: str) -> StreamFacts:
    return StreamFacts(stream, graph.states, graph.rate, graph.delay, graph.lead)


def _babble(phonemes: IdMap, count: int, seed: int) -> list[int]:
    """Begin, `count` sounds of the voice with the pad after each, end."""
    begin, pad, end = (phonemes.get(key, [0]) for key in "^_$")
    sounds = [ids for key, ids in sorted(phonemes.items()) if key.isalpha()] or [pad]
    chosen = np.random.default_rng(seed).integers(len(sounds), size=count)
    return [*begin, *pad, *(i for c in chosen for i in (*sounds[c], *pad)), *end]


def _full_scale(whole: Session, phonemes: IdMap) -> float:
    peaks = [
        float(
            np.abs(
                WholeSpeech(whole, _babble(phonemes, _MEASURED_IDS // 2, seed), 0, Scales()).chunk(
                    0
                )
            ).max(initial=0.0)
        )
        for seed in range(3)
    ]
    return float(np.clip(np.median(peaks), 0.05, 4.0))


def _check(whole: Session, cut: CutModel, phonemes: IdMap) -> None:
    """SplitError unless the parts say in several chunks what the whole graph says."""
    ids = _babble(phonemes, _CHECKED_IDS // 2, 7)
    expected = WholeSpeech(whole, ids, 0, _STILL).chunk(0)
    random = np.random.default_rng(0)
    speech = CutSpeech(cut, cut.encode(ids, 0, _STILL, random), random)
    chunks: list[npt.NDArray[np.float32]] = []
    while speech.frames_left:
        chunks.append(speech.chunk(10))
    found = np.concatenate(chunks)
    if found.shape != expected.shape:
        raise SplitError(f"the parts make {found.size} samples, the whole graph {expected.size}")
    if not (worst := float(np.abs(found - expected).max())) <= _TOLERANCE:
        raise SplitError(f"the parts differ from the whole graph by {worst:.1e}")


if __name__ == "__main__":
    raise SystemExit(main())
