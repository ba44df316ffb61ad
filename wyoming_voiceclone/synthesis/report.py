"""Reports: how each backend is and what it did, for whoever looks."""

from dataclasses import dataclass, replace
from typing import Literal

from wyoming_voiceclone.synthesis.standing import Standing, Tally

State = Literal["up", "busy", "cooling", "gone"]
SHARES = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class BackendReport:
    """One backend, as the router knows it."""

    name: str
    state: State
    voices: int
    """That it speaks as; none while its engine is not installed, or was never met."""
    cooling_s: float
    """How long it is left alone yet."""
    in_flight: int
    most: int | None
    """Sentences at once; None: any number."""
    first_s: dict[float, float]
    """The share of sentences whose first chunk came within so many seconds, lately."""
    real_time_factor: float | None
    """Seconds that a second of audio takes, as a rule; None: not known."""
    tally: Tally

    @property
    def can_speak(self) -> bool:
        return bool(self.voices) and self.state in {"up", "busy"}


def report(standing: Standing, voices: int | None) -> BackendReport:
    """`voices`: how many it has; None: it is not there."""
    firsts = {share: standing.pace.firsts.quantile(share) for share in SHARES}
    return BackendReport(
        standing.name,
        "gone" if voices is None else _state(standing),
        voices or 0,
        standing.health.cooling_s,
        standing.in_flight,
        standing.most,
        {share: seconds for share, seconds in firsts.items() if seconds is not None},
        standing.pace.speeds.quantile(0.5),
        replace(standing.tally),
    )


def _state(standing: Standing) -> State:
    if not standing.health.is_up:
        return "cooling"
    return "busy" if standing.is_full else "up"
