"""Voice: one name in the list a person chooses from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    name: str
    """What a client sends: `en_US-lessac-medium`, `en_GB-vctk-medium#p239`."""
    languages: tuple[str, ...]
    """BCP-47 tags, the main one first: `("en-US",)`."""
    description: str = ""
    """What people see."""
    attribution: str = ""
    attribution_url: str = ""
    revision: str = ""
    """Changes when the same text would sound different: part of a cached phrase's key."""
    installed: bool = True
    """Whether it can speak now; otherwise it is fetched when somebody asks for it."""
    cloned: bool = False
    """Whether it is somebody's own voice, which never stands in for another."""
