"""Roles: what a voice is for, `alarm`, instead of whose it is."""

from collections.abc import Mapping

from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.names import same_name


class Roles:
    """From what a client calls a voice to what it is called here: by role, then by alias."""

    def __init__(self, roles: Mapping[str, str], library: VoiceLibrary) -> None:
        self._roles = {same_name(role): name for role, name in roles.items()}
        self._library = library

    def __call__(self, name: str) -> str:
        """The name itself where it is neither role nor alias."""
        name = self._roles.get(same_name(name), name)
        person, mark, language = name.partition("|")
        voice = self._library.find(person)
        return name if voice is None else f"{voice.name}{mark}{language}"
