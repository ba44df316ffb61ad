"""A speaker state as MessagePack, for programs that have no safetensors."""

import math
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wyoming_voiceclone.voices.speaker_file import Origin, SpeakerFile
from wyoming_voiceclone.voices.speaker_state import SpeakerState, Tensor

_FORMAT = 1
_DTYPES = {
    *("<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "|b1"),
}
"""As numpy writes them; little-endian only."""
_MOST_TENSORS = 4_096
_MOST_AXES = 8
_MOST_OBJECTS = 200_000
"""Of all kinds: twice what so many tensors, with all their axes, are made of."""
_MAPS = {*range(0x80, 0x90), 0xDE, 0xDF}
_ARRAYS = {*range(0x90, 0xA0), 0xDC, 0xDD}
"""The first byte of one. https://github.com/msgpack/msgpack/blob/master/spec.md"""


class _Tensor(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    dtype: str
    shape: list[int] = Field(max_length=_MOST_AXES)
    data: bytes


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    voiceclone: int
    key: str
    tensors: dict[str, _Tensor] = Field(max_length=_MOST_TENSORS)
    notes: dict[str, str] = {}
    voice: str = ""
    reference: str = ""
    engine: str = ""
    seconds: float = 0.0


def pack_speaker(file: SpeakerFile) -> bytes:
    """The state and where it came from. Raises ValueError for tensors that it has no type for."""
    state, origin = file.state, file.origin
    return bytes(
        msgpack.packb(
            {
                "voiceclone": _FORMAT,
                "key": state.key,
                "tensors": {name: _packed(one) for name, one in state.tensors.items()},
                "notes": dict(state.notes),
                "voice": origin.voice,
                "reference": origin.reference,
                "engine": origin.engine,
                "seconds": origin.seconds,
            }
        )
    )


def unpack_speaker(data: bytes) -> SpeakerFile:
    """What was packed. Raises ValueError for anything else; takes little more than `data` does."""
    try:
        _count(data)
        read = _State.model_validate(msgpack.unpackb(data, ext_hook=_no_extensions))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:3])
        raise ValueError(f"not a speaker state: {where[:80]}: {first['msg']}") from None
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise ValueError(f"not MessagePack: {str(error)[:80] or type(error).__name__}") from None
    if read.voiceclone != _FORMAT:
        raise ValueError("written by another version of this program")
    state = SpeakerState(read.key, _tensors(read.tensors), read.notes)
    return SpeakerFile(state, Origin(read.voice, read.reference, read.engine, read.seconds))


def _packed(tensor: Tensor) -> dict[str, Any]:
    if (dtype := tensor.dtype.newbyteorder("<").str) not in _DTYPES:
        raise ValueError(f"there is no type for {tensor.dtype} in a file")
    data = np.ascontiguousarray(tensor, dtype=dtype)
    return {"dtype": dtype, "shape": list(tensor.shape), "data": data.tobytes()}


def _tensors(packed: Mapping[str, _Tensor]) -> dict[str, Tensor]:
    return {name: _unpacked(name[:40], one) for name, one in packed.items()}


def _unpacked(name: str, packed: _Tensor) -> Tensor:
    if packed.dtype not in _DTYPES:
        raise ValueError(f"{name}: there is no type {packed.dtype[:20]!r}")
    dtype = np.dtype(packed.dtype)
    if min(packed.shape, default=0) < 0 or math.prod(packed.shape) * dtype.itemsize != len(
        packed.data
    ):
        raise ValueError(f"{name}: its data are not what its shape tells")
    try:
        return np.frombuffer(packed.data, dtype).reshape(packed.shape)
    except (OverflowError, ValueError):  # no data, and yet an axis of 2**70
        raise ValueError(f"{name}: there is no such shape") from None


def _count(data: bytes) -> None:
    """Raise ValueError for more objects than a state has: of one byte each, they take a hundred."""
    unpacker = msgpack.Unpacker(max_buffer_size=len(data) or 1)
    unpacker.feed(data)
    seen, left = 0, 1
    while left and (at := unpacker.tell()) < len(data):
        seen, left = seen + 1, left - 1
        if seen > _MOST_OBJECTS:
            raise ValueError("more objects than a speaker state has")
        if data[at] in _MAPS:
            left += 2 * unpacker.read_map_header()
        elif data[at] in _ARRAYS:
            left += unpacker.read_array_header()
        else:
            unpacker.skip()


def _no_extensions(code: int, _data: bytes) -> Any:
    raise ValueError(f"an extension type ({code}) is nothing that a speaker state has")
