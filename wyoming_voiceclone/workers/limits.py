"""WorkerLimits: how long things about a worker may take."""

from dataclasses import dataclass, field

from wyoming_voiceclone.backends.peer import PeerLimits


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    startup_s: float = 300.0
    """For the engine's libraries to be there, and again for its model."""
    patience_s: float | None = None
    """How long after the beginning of a start a sentence still waits for it; None = to its end."""
    idle_s: float | None = 900.0
    """Without a request; None = never. Then the process ends: only that gives its memory back."""
    learnt_idle_s: float = 30.0
    """The same while it has only learnt voices, or was only asked what it offers."""
    grace_s: float = 5.0
    """To end by itself when it is told to."""
    peer: PeerLimits = field(default_factory=PeerLimits)
