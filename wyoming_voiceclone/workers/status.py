"""WorkerStatus: how a worker is at this moment, for people."""

from dataclasses import dataclass
from typing import Literal

State = Literal["stopped", "starting", "ready", "busy", "stopping", "restarting", "failed"]
"""`restarting`: it crashed, and comes back by itself; `failed`: it did not start, and is tried
again when somebody asks."""


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    state: State
    reason: str = ""
    """Why it is not there."""
    pid: int | None = None
    up_s: float | None = None
    """Since it was ready, or, while it starts, since it began to."""
    idle_s: float | None = None
    """Since its last request ended; None while it is busy or not there."""
    sentences: int = 0
    """Spoken to their end since the server was started."""
    crashes: int = 0
