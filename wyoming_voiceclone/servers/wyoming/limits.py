"""Limits: how much of this machine one peer, and all of them together, may take."""

from dataclasses import dataclass, fields

from wyoming_voiceclone.wire import Bounds


@dataclass(frozen=True, slots=True)
class Limits:
    header_bytes: int = 64 * 1024
    """Of the JSON line that an event begins with."""
    data_bytes: int = 1024 * 1024
    """Of the JSON after that line."""
    payload_bytes: int = 64 * 1024
    """No event that a text-to-speech server understands carries one."""
    json_depth: int = 32
    """Levels of nesting."""
    text_chars: int = 50_000
    """Of one utterance: about an hour of speech."""
    name_chars: int = 256
    """Of a voice, a language, a speaker."""
    queued_utterances: int = 8
    """Waiting on one connection behind the one that is spoken; then its input is left unread."""
    first_byte_s: float = 30.0
    """From the connection to the first byte of its first event."""
    event_s: float = 10.0
    """From the first to the last byte of one event."""
    idle_s: float = 300.0
    """Without an event while nothing is being spoken, or while a text stream is open."""
    silent_s: float = 30.0
    """An open text stream keeps its place so long after its last audio; without any text not."""
    write_s: float = 60.0
    """Without the peer reading what it was sent."""
    connections: int = 256
    """In total; at the cap the one idle longest makes room."""
    connections_per_address: int = 64
    """Of one TCP peer; Home Assistant opens one connection per request."""

    def bounds(self) -> Bounds:
        """What one event may cost."""
        return Bounds(
            header_bytes=self.header_bytes,
            data_bytes=self.data_bytes,
            payload_bytes=self.payload_bytes,
            json_depth=self.json_depth,
            event_s=self.event_s,
        )

    def __post_init__(self) -> None:
        for field in fields(self):
            if not (value := getattr(self, field.name)) > 0:
                raise ValueError(f"{field.name} is {value} — it must be more than 0")
