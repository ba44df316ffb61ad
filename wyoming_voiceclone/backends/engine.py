"""Engine: how the program finds a backend without importing its libraries."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wyoming_voiceclone.backends.backend import Backend, SynthesisRequest
from wyoming_voiceclone.backends.declaration import Declaration, Environment, Weights
from wyoming_voiceclone.errors import BadRequest

_LOGGER = logging.getLogger(__name__)

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

    def asked(self, request: SynthesisRequest, names: Collection[str]) -> Self:
        """With what the request, or its voice, sets otherwise of these. Raises BadRequest."""
        wanted = {name: request.settings[name] for name in names if name in request.settings}
        if not wanted:
            return self
        try:
            return type(self).model_validate(self.model_dump() | wanted)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(map(str, first["loc"]))
            fact = f"{name} {first['input']!r:.40}: {first['msg'].lower()}"
            raise BadRequest(f"{request.voice}: {fact} — see [engines] in config.toml") from None


class ListenerSettings(EngineSettings):
    """Of an engine that speaks to a few listeners at once."""

    patience_s: float = Field(default=1.5, ge=0, le=60)
    """How long a sentence waits while all listeners are taken; then the next engine speaks it."""


def no_weights(_settings: EngineSettings) -> Sequence[Weights]:
    """What an engine that downloads nothing before it is used asks for."""
    return ()


@dataclass(frozen=True, slots=True)
class Engine:
    """One entry point: light to import; `make` brings the heavy libraries in."""

    name: str
    settings: type[EngineSettings]
    make: Callable[..., Backend]
    """Called with a validated instance of `settings`, Folders and, if it `converts`, a Backend."""
    declared: Declaration
    environment: Environment | None = None
    """Its own libraries: then it is installed on demand and runs in a worker. None: it is here."""
    weights: Callable[[Any], Sequence[Weights]] = no_weights
    """What it needs from the hub, with these settings."""
    converts: bool = False
    """Whether it changes the voice of another backend, and is given everybody who does not."""


def installed_engines() -> dict[str, Engine]:
    """Every engine on this machine, built-in or added, by name; a broken one is left out."""
    engines: dict[str, Engine] = {}
    for point in entry_points(group=ENTRY_POINTS):
        try:
            engine: Engine = point.load()
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one, others speak
            _LOGGER.warning("engine %s cannot be used: %s — reinstall it", point.value, error)
        else:
            engines[engine.name] = engine
    return engines
