"""Life: a worker's process that is ready."""

import time
from dataclasses import dataclass, field

from wyoming_voiceclone.backends.peer import PeerBackend


@dataclass(frozen=True, slots=True)
class Life:
    peer: PeerBackend
    pid: int
    since: float = field(default_factory=time.monotonic)
