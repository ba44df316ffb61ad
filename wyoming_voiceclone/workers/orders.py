"""What a worker is told: on the command line its name, on standard input everything else."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.logs import Level


@dataclass(frozen=True, slots=True)
class Orders:
    """One line of JSON. Standard input stays open: its end is the end of the parent."""

    settings: Mapping[str, Any]
    """The engine's; here and not on the command line, where everybody could read a token."""
    folders: Folders
    log_level: Level
    parent: int
    """Its process id."""

    def line(self) -> bytes:
        return _ORDERS.dump_json(self) + b"\n"

    @staticmethod
    def read(line: bytes) -> "Orders":
        """Raises ConfigError."""
        try:
            return _ORDERS.validate_json(line)
        except ValidationError as error:
            raise ConfigError(f"a worker got no orders on standard input ({error})") from None


_ORDERS = TypeAdapter(Orders)


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """Which engine to host, and how."""

    engine: str
    """The name of an installed engine, or `module:ATTRIBUTE`."""
    folders: Folders
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    """The backend's name; "" = the engine's."""
    python: Path = Path(sys.executable)
    """The interpreter of the environment that the engine's libraries are in."""

    @property
    def title(self) -> str:
        return self.name or self.engine
