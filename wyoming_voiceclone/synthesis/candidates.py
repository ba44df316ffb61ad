"""Candidates: who could speak a sentence, and as whom, in order of preference."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.synthesis.roster import Roster
from wyoming_voiceclone.voices import Voice, engine_of, named, voice_for


class Wishes(Protocol):
    """What the owner of a voice wishes, where it is somebody's own."""

    def order(self, voice: str) -> Sequence[str]:
        """The backends that should speak as it, by preference; the others come after them."""
        ...

    def unlisted(self, voice: str) -> Sequence[str]:
        """The backends that speak as a voice that none of them lists."""
        ...

    def fallback(self, voice: str) -> str | None:
        """The voice that speaks when none of them can."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    backend: Backend
    request: SynthesisRequest
    likeness: tuple[str, str, str]
    """Two with the same one sound the same: engine, voice, its revision."""

    @property
    def name(self) -> str:
        return self.backend.name

    @property
    def source(self) -> str:
        return f"{self.name}/{self.request.voice}"

    def saying(self, text: str) -> "Candidate":
        return replace(self, request=replace(self.request, text=text))


_Offer = tuple[Backend, tuple[Voice, ...]]


class Choice:
    """Who could speak: those that have the voice, its fallback, another voice of its language.

    The last is never somebody's own.
    """

    def __init__(self, roster: Roster, wishes: Wishes | None) -> None:
        self._roster, self._wishes = roster, wishes

    def candidates(self, request: SynthesisRequest) -> list[Candidate]:
        """All of them, by preference alone."""
        offers = [(one, one.capabilities().voices) for one in self._roster]
        own = {one.name: voice for one, all_ in offers if (voice := _find(request.voice, all_))}
        language = request.language or next((voice.languages[0] for voice in own.values()), None)
        return [
            *self._own(request, own),
            *self._fallbacks(request, language, offers),
            *(
                _other(one, request, voice)
                for one, voices in offers
                if language and one.name not in own
                if (voice := voice_for(language, [each for each in voices if not each.cloned]))
            ),
        ]

    def _own(self, request: SynthesisRequest, own: Mapping[str, Voice]) -> Iterable[Candidate]:
        """Those that speak as the voice itself; one that is in no list is the wishes' business."""
        order = self._wishes.order(request.voice) if self._wishes else ()
        unlisted = self._wishes.unlisted(request.voice) if self._wishes else ()
        places = {name: place for place, name in enumerate(order)}
        for backend in sorted(self._roster, key=lambda b: places.get(b.name, len(places))):
            if backend.name in own or backend.name in unlisted:
                yield _candidate(backend, request, own.get(backend.name))

    def _fallbacks(
        self, request: SynthesisRequest, language: str | None, offers: Iterable[_Offer]
    ) -> Iterable[Candidate]:
        """The voice that its owner wants to hear instead, if it speaks the language."""
        name = self._wishes.fallback(request.voice) if self._wishes else None
        for backend, voices in offers if name else ():
            voice = named(name, voices) if name else None
            if voice and not (language and voice_for(language, [voice]) is None):
                yield _other(backend, request, voice)


def _find(name: str, voices: Iterable[Voice]) -> Voice | None:
    for voice in voices:
        if voice.name == name:
            return voice
    return None


def _other(backend: Backend, request: SynthesisRequest, voice: Voice) -> Candidate:
    request = replace(request, voice=voice.name, speaker_state=None, settings={})
    return _candidate(backend, request, voice)


def _candidate(backend: Backend, request: SynthesisRequest, voice: Voice | None) -> Candidate:
    revision = voice.revision if voice else ""
    return Candidate(backend, request, (engine_of(backend.name), request.voice, revision))
