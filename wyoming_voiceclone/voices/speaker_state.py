"""SpeakerState: what one engine computed from one reference, and needs in order to speak as it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from wyoming_voiceclone.voices.reference import Reference

Tensor = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerState:
    """Opaque to everybody but its engine."""

    key: str
    """Names it everywhere: `state_key` of what it was computed from."""
    tensors: Mapping[str, Tensor]
    notes: Mapping[str, str] = field(default_factory=dict)
    """What its engine wrote beside the tensors."""

    @property
    def bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors.values())


def state_key(reference: Reference | str, engine: str, revision: str) -> str:
    """SHA-256(reference samples ‖ rate ‖ transcript ‖ engine ‖ revision of the engine), in hex.

    `reference` may be its digest. Where the engine runs does not matter: what `csm` has learnt
    serves `csm@gpu`.
    """
    digest = reference if isinstance(reference, str) else reference.digest()
    return hashlib.sha256(f"{digest}\0{engine_of(engine)}\0{revision}".encode()).hexdigest()


def engine_of(name: str) -> str:
    """Which engine a backend of this name runs: `csm@gpu` is csm, on the box gpu."""
    return name.partition("@")[0]
