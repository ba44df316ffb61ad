"""A voice that is cut in three and speaks in chunks says what the unsplit graph says."""

from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stock_voice import SINGLE, StockVoice, several, single

from wyoming_voiceclone.backends.piper.attention import with_cheap_attention
from wyoming_voiceclone.backends.piper.graph import SplitError
from wyoming_voiceclone.backends.piper.model import CutModel, Floats, Scales
from wyoming_voiceclone.backends.piper.speech import CutSpeech, WholeSpeech
from wyoming_voiceclone.backends.piper.split import split
from wyoming_voiceclone.backends.piper.stateful import stateful

STILL = Scales(noise=0.0, length=1.0, noise_w=0.0)
SCHEDULES = st.lists(st.integers(1, 50), min_size=1, max_size=8)
IDS = st.lists(st.integers(3, 160), min_size=1, max_size=40)
SHARED = Path(__file__).parents[4] / "shared" / "voices"


def spoken(cut: CutModel, ids: list[int], speaker: int, chunks: list[int]) -> Floats:
    random = np.random.default_rng(0)
    speech = CutSpeech(cut, cut.encode(ids, speaker, STILL, random), random)
    made: list[Floats] = []
    for frames in chain(chunks, repeat(chunks[-1])):
        if not speech.frames_left:
            return np.concatenate(made)
        made.append(speech.chunk(frames))
    raise AssertionError


def difference(voice: StockVoice, ids: list[int], speaker: int, chunks: list[int]) -> float:
    expected = WholeSpeech(voice.whole, ids, speaker, STILL).chunk(0)
    found = spoken(voice.cut, ids, speaker, chunks)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max())


@settings(max_examples=40, deadline=None)
@given(ids=IDS, chunks=SCHEDULES)
def test_every_schedule_of_chunks_equals_the_whole_graph(ids: list[int], chunks: list[int]) -> None:
    assert difference(single(), [1, 0, *ids, 2], 0, chunks) <= 1e-4


@settings(max_examples=30, deadline=None)
@given(ids=IDS, chunks=SCHEDULES, speaker=st.integers(0, 3))
def test_every_speaker_equals_the_whole_graph(
    ids: list[int], chunks: list[int], speaker: int
) -> None:
    assert difference(several(), [1, 0, *ids, 2], speaker, chunks) <= 1e-4


def test_speakers_sound_different() -> None:
    one, other = (spoken(several().cut, [1, 0, 20, 0, 30, 0, 2], s, [10]) for s in (0, 3))
    assert one.shape != other.shape or np.abs(one - other).max() > 0.01


def test_a_sentence_shorter_than_the_delay_is_whole() -> None:
    ids = [1, 14, 2]
    sound = spoken(single().cut, ids, 0, [1])
    assert len(sound) < single().cut.decoder.lead * single().cut.decoder.rate
    assert difference(single(), ids, 0, [1]) <= 1e-4


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6), data=st.integers(0, 99))
def test_a_stateful_graph_goes_on_where_it_stopped(sizes: list[int], data: int) -> None:
    sizes = [single().cut.flow.lead - 1 + sizes[0], *sizes[1:]]
    random = np.random.default_rng(data)
    frames = random.standard_normal((1, 16, sum(sizes))).astype(np.float32)
    at_once = single().cut.flowing(None).push(frames, end=True)
    going, made, at = single().cut.flowing(None), [], 0
    for size in sizes:
        at += size
        made.append(going.push(frames[:, :, at - size : at], end=at == frames.shape[2]))
    np.testing.assert_allclose(np.concatenate(made, axis=2), at_once, atol=1e-5)


def test_no_frame_is_computed_twice() -> None:
    flow, frames = single().cut.flow, np.zeros((1, 16, 40), np.float32)
    going = single().cut.flowing(None)
    assert going.push(frames, end=False).shape[2] == 40 - flow.delay
    assert going.push(frames[:, :, :1], end=False).shape[2] == 1
    assert going.push(frames[:, :, :1], end=True).shape[2] == 1 + flow.delay


def test_the_cheap_attention_changes_no_bit() -> None:
    parts = split(onnx.load(str(SINGLE)))
    cheap, replaced = with_cheap_attention(parts.text)
    assert replaced == 4  # keys and values of two layers
    ids = np.array([[1, 0, *range(3, 60), 2]], np.int64)
    feeds = {"input": ids, "input_lengths": np.array([ids.size]),
             "scales": np.array([0, 1, 0], np.float32),
             parts.seams.duration_noise: np.zeros((1, 2, ids.size), np.float32)}  # fmt: skip
    one, other = (_run(model, feeds) for model in (parts.text, cheap))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def _run(model: onnx.ModelProto, feeds: dict[str, Any]) -> list[Any]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = {i.name for i in session.get_inputs()}
    return list(session.run(None, {k: v for k, v in feeds.items() if k in names}))


@pytest.mark.parametrize("op", ["Ceil", "ConvTranspose", "RandomNormalLike"])
def test_a_graph_without_what_makes_it_a_voice_is_refused(op: str) -> None:
    model = onnx.load(str(SINGLE))
    for node in model.graph.node:
        if node.op_type == op:
            node.op_type = "Identity"
    with pytest.raises(SplitError):
        split(model)


@pytest.mark.parametrize(("op", "name", "value"), [("Conv", "strides", [2]),
                                                   ("Conv", "pads", [3, 0]),
                                                   ("ConvTranspose", "pads", [0, 0])])  # fmt: skip
def test_a_convolution_of_another_kind_is_refused(op: str, name: str, value: list[int]) -> None:
    parts = split(onnx.load(str(SINGLE)))
    conv = next(n for n in parts.decoder.graph.node if n.op_type == op)
    next(a for a in conv.attribute if a.name == name).ints[:] = value
    with pytest.raises(SplitError):
        stateful(parts.decoder, parts.seams.latent, {})


def test_what_looks_along_time_is_refused() -> None:
    parts = split(onnx.load(str(SINGLE)))
    next(n for n in parts.decoder.graph.node if n.op_type == "Tanh").op_type = "Softmax"
    with pytest.raises(SplitError, match="Softmax"):
        stateful(parts.decoder, parts.seams.latent, {})


@pytest.mark.parametrize("name", ["random-medium", "random-multi-x_low"])
def test_full_size_voices_are_exact(name: str, tmp_path: Path) -> None:
    if not (SHARED / f"{name}.onnx").exists():
        pytest.skip(f"{SHARED / name}.onnx is not on this machine")
    voice = StockVoice(SHARED / f"{name}.onnx", tmp_path)
    ids = [1, 0, *np.random.default_rng(1).integers(3, 150, 50).tolist(), 2]
    for chunks in ([3, 7, 20], [10, 20, 40]):
        assert difference(voice, ids, 0, chunks) <= 1e-4
