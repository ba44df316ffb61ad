"""The card that `voices show` prints: everything about one voice of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass

_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Card:
    """Everything about one voice of one's own."""

    name: str
    recording: str
    seconds: float
    transcript: str
    offered: dict[str, str]
    """The languages, by the name to choose."""
    engines: dict[str, bool]
    """Whether each that may speak as it has learnt it."""
    fallback: str | None
    aliases: tuple[str, ...]
    speed: float

    def lines(self) -> list[str]:
        """For people."""
        engines = [
            f"{name} ({'learnt' if done else 'not yet'})" for name, done in self.engines.items()
        ]
        return [
            f"{self.name}: {self.seconds:.1f} s in {self.recording}",
            f"said in it: {self.transcript or 'not written down'}",
            f"offered as: {_offered_as(list(self.offered.items()))}",
            f"spoken by: {', '.join(engines) or '-'}",
            f"else by: {self.fallback or 'another voice of the language'}",
            f"also called: {', '.join(self.aliases) or '-'}",
        ]


def _offered_as(offered: Sequence[tuple[str, str]]) -> str:
    """The first names; Match over espeak-ng alone has a hundred."""
    names = [f"{name} ({tag})" for name, tag in offered[:_NAMES_SHOWN]]
    more = len(offered) - len(names)
    return ", ".join(names) + (f" and in {more} more languages" if more else "") or "-"
