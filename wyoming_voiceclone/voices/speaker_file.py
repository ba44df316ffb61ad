"""A speaker state as a file: safetensors, with what it belongs to and a checksum in its header."""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from wyoming_voiceclone.voices.speaker_state import SpeakerState, Tensor

_FORMAT = "1"
_LONGEST_HEADER = 1_000_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a speaker state came from; "" = not told."""

    voice: str = ""
    """Its name when it was computed, for people."""
    reference: str = ""
    """The digest of the reference."""
    engine: str = ""
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True)
class SpeakerFile:
    state: SpeakerState
    origin: Origin = Origin()


def dump_speaker(file: SpeakerFile) -> bytes:
    """The file's content. Raises ValueError for tensors that it has no type for."""
    state, origin = file.state, file.origin
    # safetensors writes the memory as it lies
    tensors = {name: np.asarray(tensor, order="C") for name, tensor in state.tensors.items()}
    about = {
        "voiceclone": _FORMAT,
        "key": state.key,
        "notes": json.dumps(dict(state.notes)),
        "voice": origin.voice,
        "reference": origin.reference,
        "engine": origin.engine,
        "seconds": f"{origin.seconds:.3f}",
    }
    try:
        return save(tensors, about | {"crc32": _checksum(tensors, about)})
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{state.key[:12]}: no tensors for a file ({error})") from error


def parse_speaker(data: bytes) -> SpeakerFile:
    """What was dumped. Raises ValueError for anything but a whole, unchanged file of ours."""
    about = _about(data)
    try:
        tensors: Mapping[str, Tensor] = load(data)
        if about.pop("crc32", "") != _checksum(tensors, about):
            raise ValueError("the checksum does not match")
        if about["voiceclone"] != _FORMAT:
            raise ValueError("written by another version of this program")
        state = SpeakerState(about["key"], tensors, _notes(about["notes"]))
    except (SafetensorError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a speaker state: {error}") from error
    return SpeakerFile(state, _origin(about))


def parse_origin(head: bytes) -> Origin:
    """Where a file's state came from; `head` is its beginning. Raises ValueError."""
    return _origin(_about(head))


def _origin(about: Mapping[str, str]) -> Origin:
    try:
        seconds = float(about["seconds"])
        return Origin(about["voice"], about["reference"], about["engine"], seconds)
    except KeyError as error:
        raise ValueError(f"not a speaker state: no {error}") from error


def _notes(text: str) -> dict[str, str]:
    notes = json.loads(text)
    if not isinstance(notes, dict) or not all(isinstance(one, str) for one in notes.values()):
        raise ValueError("its notes are no texts")
    return notes


def _about(data: bytes) -> dict[str, str]:
    """The header's texts. The layout: 8 bytes length, then so much JSON."""
    if len(data) < 8:
        raise ValueError("too short")
    (size,) = struct.unpack_from("<Q", data)
    if size > min(len(data) - 8, _LONGEST_HEADER):
        raise ValueError("the header is not whole")
    try:
        header: Any = json.loads(data[8 : 8 + size])
    except RecursionError as error:
        raise ValueError("the header is too deep") from error
    about = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(about, dict) or "voiceclone" not in about:
        raise ValueError("not a speaker state of this program")
    return about


def _checksum(tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> str:
    checksum = zlib.crc32(json.dumps(sorted(about.items())).encode())
    for name, tensor in sorted(tensors.items()):
        checksum = zlib.crc32(f"{name} {tensor.dtype} {tensor.shape}".encode(), checksum)
        checksum = zlib.crc32(tensor.tobytes(), checksum)
    return f"{checksum:08x}"
