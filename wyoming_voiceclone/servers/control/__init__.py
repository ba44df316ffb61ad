"""Control of the running server by its owner: a socket in the data folder, both of its ends."""

from wyoming_voiceclone.servers.control.client import Control, NoServer
from wyoming_voiceclone.servers.control.messages import BoxStatus, EngineStatus, Request
from wyoming_voiceclone.servers.control.place import socket_in
from wyoming_voiceclone.servers.control.server import ControlServer, Desk

__all__ = [
    "BoxStatus",
    "Control",
    "ControlServer",
    "Desk",
    "EngineStatus",
    "NoServer",
    "Request",
    "socket_in",
]
