"""The Wyoming protocol, as Home Assistant speaks it (docs/protocol.md)."""

from wyoming_voiceclone.servers.wyoming.extension import Extension, ExtensionLimits
from wyoming_voiceclone.servers.wyoming.limits import Limits
from wyoming_voiceclone.servers.wyoming.listen import DEFAULT_PORT
from wyoming_voiceclone.servers.wyoming.server import WyomingServer
from wyoming_voiceclone.servers.wyoming.speakers import Speakers
from wyoming_voiceclone.servers.wyoming.speech import Speech

__all__ = [
    "DEFAULT_PORT",
    "Extension",
    "ExtensionLimits",
    "Limits",
    "Speakers",
    "Speech",
    "WyomingServer",
]
