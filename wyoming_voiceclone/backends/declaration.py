"""Declaration: what people and the program know of an engine without running it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms code or weights may be used."""

    name: str
    """Its SPDX identifier where it has one: `MIT`, `CC-BY-4.0`."""
    gist: str = ""
    """What it means to a household, in one sentence; "" when it restricts nobody there."""
    url: str = ""
    accept: bool = False
    """Whether people have to agree before it is installed: "not for commercial use"."""


@dataclass(frozen=True, slots=True)
class ReferenceNeeds:
    """What an engine wants to hear of a person."""

    least_s: float
    """Less is refused."""
    most_s: float
    """It listens to no more than this."""
    transcript: Literal["unused", "helps", "needed"] = "unused"


@dataclass(frozen=True, slots=True)
class Declaration:
    title: str
    """What people call it: `Pocket-TTS`."""
    about: str
    """Why somebody would want it, in one line."""
    languages: tuple[str, ...]
    """BCP-47, the main one first; () where its voices tell."""
    rate: int
    """Samples per second; 0 where its voices tell."""
    licence: Licence
    """Of the code."""
    streams: bool = True
    """Whether its first chunk comes before the sentence is computed whole."""
    reference: ReferenceNeeds | None = None
    """None: it does not clone."""
    memory_mb: int = 0
    """What it takes while it speaks, in its usual size."""
    device: Literal["cpu", "gpu", "either"] = "cpu"
    """Where it is fast enough to listen to."""

    @property
    def clones(self) -> bool:
        return self.reference is not None


@dataclass(frozen=True, slots=True)
class Environment:
    """The libraries of an engine that is installed on its own, in a virtual environment."""

    requirements: tuple[str, ...]
    """Pinned, as pip reads them; the right build of torch for the machine is chosen among them."""
    bare: tuple[str, ...] = ()
    """Pinned, installed without what they ask for: their own pins are narrower than the truth."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model as published on the Hugging Face hub."""

    repository: str
    """`owner/name`."""
    files: tuple[str, ...]
    """Which of its files are needed; `*` matches within and across folders."""
    licence: Licence
    revision: str = "main"
    """A commit; of a branch, the commit that it was at when installed is kept."""
    gated: bool = False
    """Whether its owner gives it only to accounts that agreed to its terms."""
