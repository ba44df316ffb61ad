"""The tables of config.toml about who speaks when, and what can be seen of it."""

from typing import Annotated

from pydantic import Field

from wyoming_voiceclone.config.table import Names, Table


class RouterSettings(Table):
    """Who speaks: the first engine in order that has the voice, else one that has its language."""

    order: Names = ("piper", "pocket", "xtts", "csm", "kyutai", "espeak")
    """Engines by preference; those not named come last, those not installed do not matter."""
    first_chunk_s: Annotated[float, Field(gt=0)] = 8.0
    """An engine silent for longer at the start of a sentence is followed by the next."""
    next_chunk_s: Annotated[float, Field(gt=0)] = 4.0
    """An engine silent for longer inside a sentence is followed by the next."""
    busy: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """How many sentences an engine speaks at once, at most: csm = 2; further ones are the next
    engine's. "csm@gpu" is csm on the box gpu."""


class HttpSettings(Table):
    """What can be seen of the server: /metrics for Prometheus, /health (docs/routing.md)."""

    enabled: bool = False
    """Whether it is answered."""
    host: str = "127.0.0.1"
    """The address to listen on: this machine only; "::" is every one. It asks for no password."""
    port: Annotated[int, Field(ge=0, le=65535)] = 10280
    """The TCP port; 0 takes a free one."""

    @property
    def address(self) -> str:
        return (
            f"tcp://[{self.host}]:{self.port}"
            if ":" in self.host
            else f"tcp://{self.host}:{self.port}"
        )
