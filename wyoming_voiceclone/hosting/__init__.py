"""Which engines speak here: in this process, or each in a worker of its own."""

from wyoming_voiceclone.hosting.engines import Engines, folders_of, make_engines
from wyoming_voiceclone.hosting.hosted import HostedEngine

__all__ = ["Engines", "HostedEngine", "folders_of", "make_engines"]
