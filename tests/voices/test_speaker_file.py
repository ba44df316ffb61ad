"""A speaker state survives as a file, or not at all."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.voices import Reference, SpeakerState, state_key
from wyoming_voiceclone.voices.speaker_file import (
    Origin,
    SpeakerFile,
    _checksum,
    dump_speaker,
    parse_origin,
    parse_speaker,
)

STATE = SpeakerState(
    "k" * 64,
    {
        "codes": np.arange(64, dtype=np.int16).reshape(2, 32),
        "latent": np.random.default_rng(1).normal(size=(1, 4, 8)).astype(np.float32),
        "columns": np.asfortranarray(np.arange(6, dtype=np.float16).reshape(2, 3)),
        "bias": np.array(0.5, np.float32),
        "mask": np.array([True, False]),
        "none": np.zeros((0, 3), np.float32),
    },
    {"steps": "12", "who": "Großmutter"},
)
ORIGIN = Origin("oma", "d" * 64, "tones", 1.5)
DATA = dump_speaker(SpeakerFile(STATE, ORIGIN))


def test_what_is_written_is_what_is_read() -> None:
    file = parse_speaker(DATA)
    assert (file.state.key, file.state.notes, file.origin) == (STATE.key, STATE.notes, ORIGIN)
    assert file.state.tensors.keys() == STATE.tensors.keys()
    for name, tensor in STATE.tensors.items():
        read = file.state.tensors[name]
        assert (read.dtype, read.shape) == (tensor.dtype, tensor.shape)
        assert np.array_equal(read, tensor)


def test_where_it_came_from_is_known_from_its_beginning() -> None:
    assert parse_origin(DATA[:4_000]) == ORIGIN


def test_any_program_reads_the_tensors() -> None:
    (size,) = struct.unpack_from("<Q", DATA)
    assert json.loads(DATA[8 : 8 + size])["codes"]["shape"] == [2, 32]


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_one_changed_byte_is_noticed(at: int, change: int) -> None:
    damaged = bytearray(DATA)
    damaged[at] ^= change
    try:
        read = parse_speaker(bytes(damaged)).state
    except ValueError:
        return
    # spaces that fill the header up mean nothing
    assert all(np.array_equal(read.tensors[name], t) for name, t in STATE.tensors.items())


@given(st.integers(0, len(DATA) - 1))
def test_half_a_file_is_no_state(keep: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_speaker(DATA[:keep])


@pytest.mark.parametrize("notes", ["[]", '"x"', '{"a": 1}', "[" * 9_000 + "]" * 9_000, "{"])
def test_notes_that_are_no_texts_are_refused(notes: str) -> None:
    (size,) = struct.unpack_from("<Q", DATA)
    header = json.loads(DATA[8 : 8 + size])
    about = {**header["__metadata__"], "notes": notes}
    del about["crc32"]
    about["crc32"] = _checksum(STATE.tensors, about)
    text = json.dumps({**header, "__metadata__": about}).encode()
    with pytest.raises(ValueError, match=r".+"):
        parse_speaker(struct.pack("<Q", len(text)) + text + DATA[8 + size :])


@pytest.mark.parametrize(
    "header", ["[" * 100_000, "{}", "7", '{"__metadata__": {"voiceclone": 3}}']
)
def test_a_strangers_header_is_refused(header: str) -> None:
    data = struct.pack("<Q", len(header)) + header.encode()
    for read in parse_speaker, parse_origin:
        with pytest.raises(ValueError, match=r".+"):
            read(data)


def test_tensors_that_no_file_has_a_type_for_are_refused() -> None:
    odd = SpeakerState("k", {"names": np.array(["a"], object)})
    with pytest.raises(ValueError, match="no tensors for a file"):
        dump_speaker(SpeakerFile(odd))


def test_a_key_tells_references_engines_and_revisions_apart() -> None:
    ada = Reference(np.ones(10, np.float32), 16_000)
    keys = {
        state_key(ada, "tones", "1"),
        state_key(ada, "tones", "2"),
        state_key(ada, "bells", "1"),
        state_key(Reference(ada.samples, 16_000, "Hello."), "tones", "1"),
        state_key(Reference(ada.samples, 8_000), "tones", "1"),
    }
    assert len(keys) == 5
    assert state_key(ada.digest(), "tones", "1") in keys
