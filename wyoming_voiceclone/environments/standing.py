"""How an engine stands on this machine: the cheapest answer, from files alone."""

from dataclasses import dataclass
from enum import StrEnum

from wyoming_voiceclone.backends.engine import Engine, EngineSettings, Folders
from wyoming_voiceclone.environments.installed import (
    fault,
    home_of,
    read_receipt,
)
from wyoming_voiceclone.environments.wanted_weights import missing_weights, weights_bytes


class State(StrEnum):
    BUILT_IN = "built in"
    """Nothing has to be installed."""
    READY = "ready"
    NOT_INSTALLED = "not installed"
    NEEDS_REPAIR = "needs repair"
    NEEDS_WEIGHTS = "needs weights"


@dataclass(frozen=True, slots=True)
class Standing:
    state: State
    why: str = ""
    remedy: str = ""
    disk_bytes: int = 0
    torch: str = ""
    """The version of torch in its environment: its ending names the build."""

    @property
    def usable(self) -> bool:
        return self.state in {State.BUILT_IN, State.READY}


def standing(engine: Engine, settings: EngineSettings, folders: Folders) -> Standing:
    """Blocks."""
    receipt = read_receipt(home_of(engine, folders)) if engine.environment else None
    wanted = engine.weights(settings)
    disk = (receipt.bytes if receipt else 0) + weights_bytes(wanted, folders)
    torch = receipt.packages.get("torch", "") if receipt else ""
    state, why = _state(engine, settings, folders)
    usable = state in {State.BUILT_IN, State.READY}
    remedy = "" if usable else f"wyoming-voiceclone engines install {engine.name}"
    return Standing(state, why, remedy, disk, torch)


def _state(engine: Engine, settings: EngineSettings, folders: Folders) -> tuple[State, str]:
    wrong = fault(engine, folders) if engine.environment else None
    if wrong == "":
        return State.NOT_INSTALLED, ""
    if wrong:
        return State.NEEDS_REPAIR, wrong
    if missing := missing_weights(engine, settings, folders):
        return State.NEEDS_WEIGHTS, f"{missing[0].repository} is not here, or not whole"
    return (State.READY if engine.environment else State.BUILT_IN), ""
