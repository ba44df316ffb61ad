"""Casting: which voice speaks what a client asks for."""

import logging
from collections.abc import Callable, Sequence

from wyoming_voiceclone.backends import Backend
from wyoming_voiceclone.errors import NoBackend
from wyoming_voiceclone.synthesis.repertoire import LANGUAGE_MARK
from wyoming_voiceclone.voices import Voice, language_in, named, voice_for

_LOGGER = logging.getLogger(__name__)

TOLD = 100
"""Warnings about unknown voices are given for so many different names."""


class Casting:
    """Chooses among the voices of `backend`; `default` and `language` where nothing is asked.

    `called` gives a voice's name for what clients call it besides; `unlisted` a voice that is in
    no list, for whoever knows its name.
    """

    def __init__(
        self,
        backend: Backend,
        default: str | None,
        language: str,
        called: Callable[[str], str] = str,
        unlisted: Callable[[str], Voice | None] = lambda _: None,
    ) -> None:
        self._unlisted = unlisted
        self._backend, self._name, self._language = backend, default, language
        self._called = called
        self._unknown: set[str] = set()

    def voices(self) -> Sequence[Voice]:
        """Every voice: the default one, people's own, the others."""
        voices = sorted(self._backend.capabilities().voices, key=lambda voice: not voice.cloned)
        default = self._default(voices)
        return voices if default is None else (default, *(v for v in voices if v != default))

    def choose(
        self, name: str | None, language: str | None = None, speaker: str | None = None
    ) -> Voice:
        """The voice asked for, else the best there is; a name nobody knows is told once.

        Raises NoBackend when there is no voice at all.
        """
        voices = self._backend.capabilities().voices
        if name and (voice := self._named(name, voices, speaker) or self._unlisted(name)):
            return voice
        language = language or (language_in(name) if name else None)
        default = self._default(voices)
        if default is None:
            raise NoBackend("there is no voice at all — run `wyoming-voiceclone doctor`")
        chosen = (language and voice_for(language, _as_default(default, voices))) or default
        if name:
            self._tell_unknown(name, chosen)
        return chosen

    def _tell_unknown(self, name: str, chosen: Voice) -> None:
        told = name in self._unknown or len(self._unknown) >= TOLD
        level = logging.DEBUG if told else logging.WARNING
        self._unknown.update([] if told else [name])
        _LOGGER.log(level, "voice %r is not known here: %s speaks instead", name[:80], chosen.name)

    def _default(self, voices: Sequence[Voice]) -> Voice | None:
        if self._name and (voice := self._named(self._name, voices)) is not None:
            return voice
        others = sorted(voices, key=lambda voice: voice.cloned)  # nobody is chosen unasked
        return voice_for(self._language, others) or next(iter(others), None)

    def _named(
        self, name: str, voices: Sequence[Voice], speaker: str | None = None
    ) -> Voice | None:
        return named(name, voices, speaker) or named(self._called(name), voices, speaker)


def _as_default(default: Voice, voices: Sequence[Voice]) -> Sequence[Voice]:
    """Who speaks another language where nobody is asked for: the same person if they can."""
    person = default.name.partition(LANGUAGE_MARK)[0]
    same = [
        voice
        for voice in voices
        if default.cloned and voice.name.partition(LANGUAGE_MARK)[0] == person
    ]
    return (default, *same, *sorted(voices, key=lambda voice: voice.cloned))
