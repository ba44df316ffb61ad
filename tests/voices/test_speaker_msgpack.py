"""Speaker states as MessagePack: everything comes back, nothing else gets in."""

import tracemalloc
from contextlib import suppress

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wyoming_voiceclone.voices import SpeakerState
from wyoming_voiceclone.voices.speaker_file import Origin, SpeakerFile, dump_speaker, parse_speaker
from wyoming_voiceclone.voices.speaker_msgpack import pack_speaker, unpack_speaker

DTYPES = st.sampled_from(
    [np.float16, np.float32, np.float64, np.int8, np.int16, np.int64, np.bool_]
)
TENSORS = st.dictionaries(
    st.text(min_size=1, max_size=20).filter(lambda name: name != "__metadata__"),
    arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)),
    max_size=4,
)
STATE = SpeakerState("k", {"hz": np.array([300.0], np.float32)}, {"language": "de"})
FILE = SpeakerFile(STATE, Origin("oma", "digest", "tones", 1.5))
PACKED = pack_speaker(FILE)


@given(TENSORS, st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3))
@settings(max_examples=60, deadline=None)
def test_both_formats_bring_back_the_same(
    tensors: dict[str, np.ndarray], notes: dict[str, str]
) -> None:
    file = SpeakerFile(SpeakerState("k", tensors, notes), FILE.origin)
    for read in (unpack_speaker(pack_speaker(file)), parse_speaker(dump_speaker(file))):
        assert (read.origin, read.state.key, read.state.notes) == (FILE.origin, "k", notes)
        assert read.state.tensors.keys() == tensors.keys()
        for name, tensor in tensors.items():
            assert read.state.tensors[name].dtype == tensor.dtype
            np.testing.assert_array_equal(read.state.tensors[name], tensor)


def packed(**changes: object) -> bytes:
    return bytes(msgpack.packb(msgpack.unpackb(PACKED) | changes, strict_types=False))


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (b"", "not MessagePack"),
        (b"\xc1", "not MessagePack"),
        (PACKED[:-1], "not MessagePack"),
        (PACKED + b"\0", "not MessagePack"),
        (b"\x91" * 100_000, "not MessagePack"),
        (b"\xdd\xff\xff\xff\xff", "not MessagePack"),
        (b"\xc6\xff\xff\xff\xff", "not MessagePack"),
        (msgpack.packb([1]), "not a speaker state"),
        (packed(key=7), "key"),
        (packed(other=1), "other"),
        (packed(notes={"a": 1}), "notes.a"),
        (packed(voiceclone=2), "another version"),
        (packed(notes=msgpack.ExtType(4, b"x")), "extension type"),
        (packed(key=msgpack.Timestamp(1)), "key"),
        (packed(tensors={"a": {"dtype": "O", "shape": [1], "data": b"12345678"}}), "no type 'O'"),
        (packed(tensors={"a": {"dtype": "<f4", "shape": [2], "data": b"1234"}}), "shape"),
        (packed(tensors={"a": {"dtype": "<f4", "shape": [-1, -1], "data": b"1234"}}), "shape"),
        (packed(tensors={"a": {"dtype": "<f4", "shape": [2**62] * 4, "data": b""}}), "shape"),
        (packed(tensors={"a": {"dtype": "<f4", "shape": [0, 2**63], "data": b""}}), "shape"),
        (packed(tensors={"a": {"dtype": "<f4", "shape": [0, 2**63 - 1], "data": b""}}), "shape"),
        (packed(tensors={"a": {"dtype": "<f4", "shape": [1] * 9, "data": b"1234"}}), "shape"),
    ],
)
def test_anything_else_is_refused_with_its_fact(data: bytes, fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        unpack_speaker(data)


@pytest.mark.parametrize("inner", [b"\x80", b"\x90", b"\xc0", b"\x81\xc0\x80"])
def test_a_crowd_of_nothings_takes_no_memory(inner: bytes) -> None:
    many = 1_000_000
    crowd = b"\xdd" + many.to_bytes(4, "big") + inner * many
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more objects"):
            unpack_speaker(crowd)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_as_many_tensors_as_there_may_be_are_read() -> None:
    tensors = {f"layer {n}": np.zeros((1,) * 8, np.int8) for n in range(4_096)}
    file = SpeakerFile(SpeakerState("k", tensors), FILE.origin)
    assert unpack_speaker(pack_speaker(file)).state.tensors.keys() == tensors.keys()


@given(st.integers(0, len(PACKED) - 1), st.integers(0, 255))
def test_a_damaged_state_is_refused_or_still_a_state(place: int, byte: int) -> None:
    damaged = bytearray(PACKED)
    damaged[place] = byte
    with suppress(ValueError):
        unpack_speaker(bytes(damaged))
