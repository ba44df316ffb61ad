"""Any Wyoming text-to-speech server as a backend: a worker, a box, somebody else's."""

from wyoming_voiceclone.backends.peer.backend import PeerBackend
from wyoming_voiceclone.backends.peer.link import PeerLimits

__all__ = ["PeerBackend", "PeerLimits"]
