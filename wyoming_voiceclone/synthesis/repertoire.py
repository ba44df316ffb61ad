"""The repertoire: which of people's own voices are on offer, in which languages, spoken by whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wyoming_voiceclone.voices import Voice, engine_of
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.voice_folder import ClonedVoice

LANGUAGE_MARK = "|"
"""`grandma|de`: Home Assistant sends a voice's name and never a language."""

Able = Mapping[str, Sequence[str]]
"""The languages that each engine clones in, the preferred engine first."""


@dataclass(frozen=True, slots=True)
class Part:
    """A person in one of their languages."""

    person: ClonedVoice
    voice: Voice
    """As it is offered; each engine adds its revision."""
    engines: tuple[str, ...]
    """Who may speak as it, in order."""


def offered(library: VoiceLibrary, able: Able, home: str) -> Iterator[Part]:
    """Every person in every language, the main one under the person's own name.

    That is the first which the owner wrote down, else `home`, if it is spoken.
    """
    for person in library.voices.values():
        engines = _engines(person.about.engines, able)
        languages = person.about.languages or _spoken(engines, able, home)
        for number, language in enumerate(languages):
            mark = f"{LANGUAGE_MARK}{language}" if number else ""
            described = person.about.description or person.name
            voice = Voice(
                f"{person.name}{mark}",
                (language,),
                f"{described} ({language})" if mark else described,
                revision=person.digest,
                cloned=True,
            )
            yield Part(person, voice, engines)


def _engines(wanted: Sequence[str], able: Able) -> tuple[str, ...]:
    """`csm` is csm here and on every box; `csm@gpu` that one alone; nothing is everybody."""
    if not wanted:
        return tuple(able)
    found = [name for one in wanted for name in able if one in {name, engine_of(name)}]
    return tuple(dict.fromkeys(found))


def speaks(language: str, languages: Sequence[str]) -> bool:
    """Whether a language is among these, in whatever region."""
    return _primary(language) in map(_primary, languages)


def _spoken(engines: Sequence[str], able: Able, home: str) -> tuple[str, ...]:
    """All the languages of these engines, one region each, `home` first and as it is written."""
    every = [language for name in engines for language in able[name]]
    found = {_primary(tag): tag for tag in every if tag.casefold() == home.casefold()}
    for language in every:
        found.setdefault(_primary(language), language)
    return tuple(sorted(found.values(), key=lambda tag: not speaks(home, [tag])))  # stable


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].casefold()
