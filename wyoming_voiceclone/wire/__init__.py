"""The wire: Wyoming events within bounds, for whoever serves them and whoever asks for them."""

from wyoming_voiceclone.wire.bounds import Bounds
from wyoming_voiceclone.wire.events import EventReader, EventWriter, PeerGone, encode

__all__ = ["Bounds", "EventReader", "EventWriter", "PeerGone", "encode"]
