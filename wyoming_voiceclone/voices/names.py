"""What a voice of one's own may be called: a folder's name on any system, and no sign of ours."""

import unicodedata

from wyoming_voiceclone.errors import BadRequest

LONGEST = 60
_SIGNS = frozenset('<>:"/\\|?*#')
"""Not in file names everywhere; and # and | and : mean something in the names of voices."""
_RESERVED = frozenset({"con", "prn", "aux", "nul"})


def checked_name(name: str) -> str:
    """The name in its one spelling (NFC). Raises BadRequest for what cannot be one."""
    name = unicodedata.normalize("NFC", name)
    if mistake := _mistake(name):
        raise BadRequest(f"voice {name[:LONGEST]!r}: {mistake}")
    return name


def same_name(name: str) -> str:
    """Equal for names that people take for the same."""
    return unicodedata.normalize("NFC", name).casefold()


def _mistake(name: str) -> str | None:
    if not name.strip():
        return "the name is empty — call it something"
    if len(name) > LONGEST:
        return f"{len(name)} characters — use {LONGEST} at most"
    if found := sorted(_SIGNS & set(name)):
        return f"{' '.join(found)} in the name — use letters, digits, spaces, - and _"
    if not name.isprintable():
        return "signs that cannot be seen — type the name anew"
    if name != name.strip(" .") or name.casefold() in _RESERVED:
        return "not a name that every system takes — begin and end with a letter or digit"
    return None
