"""A voice that a command was asked for and that is not here: to be downloaded, or a slip."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from wyoming_voiceclone.app import App
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import UnknownVoice
from wyoming_voiceclone.synthesis.learning import missing
from wyoming_voiceclone.voices import named
from wyoming_voiceclone.voices.names import same_name

_CATALOGUED = re.compile(r"[a-z]{2,3}_[A-Z]{2}-\w+-(x_low|low|medium|high)(#.*)?", re.ASCII)


def is_here(app: App, name: str) -> bool:
    voices = app.speech.voices()
    return bool(named(name, voices) or named(app.called(name), voices))


def can_come(app: App, name: str) -> bool:
    """Whether it is called like a voice of the catalogue that is not here."""
    voice = name.partition("#")[0]
    return bool(_CATALOGUED.fullmatch(name)) and named(voice, app.speech.voices()) is None


def how_it_comes(name: str) -> str:
    return f"wyoming-voiceclone voices download {name.partition('#')[0]}"


def unknown(app: App, settings: Settings, name: str) -> UnknownVoice:
    """The error that tells why it cannot speak, or whom people may have meant."""
    own = app.cloning.library.find(name)
    for note in missing(app.cloning) if own else []:
        if own and note.startswith(f"{own.name}: "):
            return UnknownVoice(note)
    if fault := app.cloning.library.fault(name):
        return UnknownVoice(f"{name} is left out: {fault}")
    wanted = settings.roles.get(name, name)
    role = f"{name} is {wanted} in [roles]; " if wanted != name else ""
    near = similar(wanted, _names(app, settings))
    meant = f"did you mean {near}?" if near else "`voices list` shows those there are"
    return UnknownVoice(f"{role}{wanted}: no such voice here — {meant}")


def similar(name: str, names: Iterator[str]) -> str | None:
    """The name most like it."""
    spelled = {same_name(one): one for one in names}
    near = get_close_matches(same_name(name), spelled, n=1)
    return spelled[near[0]] if near else None


def _names(app: App, settings: Settings) -> Iterator[str]:
    """Everything that a voice goes by."""
    yield from (voice.name for voice in app.speech.voices())
    yield from settings.roles
    for person in app.cloning.library.voices.values():
        yield from person.about.aliases
