"""What a check of this machine found."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from wyoming_voiceclone.errors import VoiceCloneError


class Mark(StrEnum):
    WELL = "[green]✓[/]"
    SPARE = "[dim]·[/]"
    NOTE = "[yellow]![/]"
    BROKEN = "[red]✗[/]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for a person: the thing, the fact, and what to do about it."""

    mark: Mark
    thing: str
    fact: str
    remedy: str = ""


def well(thing: str, fact: str) -> Finding:
    return Finding(Mark.WELL, thing, fact)


def spare(thing: str, fact: str, remedy: str) -> Finding:
    """Something that is not here and need not be."""
    return Finding(Mark.SPARE, thing, fact, remedy)


def note(thing: str, fact: str, remedy: str) -> Finding:
    """Something works less well than it could."""
    return Finding(Mark.NOTE, thing, fact, remedy)


def broken(thing: str, fact: str, remedy: str) -> Finding:
    """Something that the server needs does not work."""
    return Finding(Mark.BROKEN, thing, fact, remedy)


def failed(thing: str, error: VoiceCloneError) -> Iterator[Finding]:
    """What an error of ours tells: each line its own fact and remedy."""
    for line in str(error).splitlines():
        fact, _, remedy = line.partition(" — ")
        yield broken(thing, fact, remedy)
