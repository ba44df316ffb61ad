"""Bounds: what one event may cost whoever reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bounds:
    header_bytes: int = 64 * 1024
    """Of the JSON line that an event begins with."""
    data_bytes: int = 1024 * 1024
    """Of the JSON after that line."""
    payload_bytes: int = 64 * 1024
    json_depth: int = 32
    """Levels of nesting."""
    event_s: float = 10.0
    """From the first to the last byte of one event."""
    payloads: Mapping[str, int] = field(default_factory=dict)
    """Bytes of payload for the types of event that may carry another amount."""

    def payload_of(self, kind: str) -> int:
        return self.payloads.get(kind, self.payload_bytes)
