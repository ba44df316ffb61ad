"""Choosing a voice: by name, by language, or the default."""

import re
from collections.abc import Sequence

from wyoming_voiceclone.voices.voice import Voice

_LOCALE = re.compile(r"([a-z]{2,3})[_-]([A-Z]{2})\b")


def voice_for(language: str, voices: Sequence[Voice]) -> Voice | None:
    """The first voice that speaks `language` (BCP-47), exactly or in another region."""
    wanted = _tag(language)
    for voice in voices:
        if wanted in map(_tag, voice.languages):
            return voice
    primary = wanted.split("-")[0]
    for voice in voices:
        if any(_tag(tag).split("-")[0] == primary for tag in voice.languages):
            return voice
    return None


def named(name: str, voices: Sequence[Voice], speaker: str | None = None) -> Voice | None:
    """The voice that a client means by `name` and, for voices of several people, `speaker`."""
    wanted = [f"{name}#{speaker}", name] if speaker else [name]
    by_name = {voice.name.casefold(): voice for voice in reversed(voices)}
    return next((by_name[w.casefold()] for w in wanted if w.casefold() in by_name), None)


def language_in(name: str) -> str | None:
    """The language that a voice's name tells: `de_DE-thorsten-high` is `de-DE`."""
    locale = _LOCALE.match(name)
    return f"{locale[1]}-{locale[2]}" if locale else None


def _tag(language: str) -> str:
    return language.replace("_", "-").casefold()
