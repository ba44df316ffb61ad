"""Engine: how the program finds a backend without importing its libraries."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from wyoming_voiceclone.backends.backend import Backend

ENTRY_POINTS = "wyoming_voiceclone.engines"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things lie on this machine."""

    voices: Path
    """People's own voices; human-editable."""
    data: Path
    """What was downloaded or installed."""
    cache: Path
    """What can be computed again."""


class EngineSettings(BaseModel):
    """The `[engines.<name>]` table of config.toml; each engine adds its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    enabled: bool = True
    """Whether this engine is used at all."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One entry point: light to import; `make` brings the heavy libraries in."""

    name: str
    settings: type[EngineSettings]
    make: Callable[[Any, Folders], Backend]
    """Called with a validated instance of `settings`."""


def installed_engines() -> dict[str, Engine]:
    """Every engine on this machine, built-in or added, by name."""
    engines = (point.load() for point in entry_points(group=ENTRY_POINTS))
    return {engine.name: engine for engine in engines}
