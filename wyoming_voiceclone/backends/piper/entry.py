"""What is known about a cut voice, as it lies in the cache: the facts, and three graphs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PARTS = ("text", "flow", "decoder")
NEXT = ".next"
"""Suffix of the output that is a state's next value."""

_FACTS = "facts.json"


@dataclass(frozen=True, slots=True)
class State:
    name: str
    channels: int
    initial: int
    """Zeros it holds before the first run: the padding on the left."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """How one stateful graph is fed (see `stateful.Stateful`)."""

    stream: str
    states: tuple[State, ...]
    rate: int
    delay: int
    lead: int


@dataclass(frozen=True, slots=True)
class Facts:
    full_scale: float
    """The peak that this voice's raw output reaches as a rule."""
    reason: str = ""
    """Why the voice cannot be cut; empty when it can."""
    duration_noise: str = ""
    speaker: str | None = None
    flow: StreamFacts | None = None
    decoder: StreamFacts | None = None

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), indent=1)
        (folder / _FACTS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Facts":
        """Raises OSError, or ValueError, KeyError or TypeError when it is not what was written."""
        raw = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        flow, decoder = _stream(raw.pop("flow")), _stream(raw.pop("decoder"))
        return cls(**raw, flow=flow, decoder=decoder)


def _stream(raw: dict[str, Any] | None) -> StreamFacts | None:
    if raw is None:
        return None
    states = tuple(State(**state) for state in raw.pop("states"))
    return StreamFacts(states=states, **raw)
