"""Casting: which base voice is moved toward a person."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.match.auditions import Auditions
from wyoming_voiceclone.backends.match.settings import MatchSettings
from wyoming_voiceclone.backends.match.statistics import VoiceStatistics
from wyoming_voiceclone.backends.match.transport import uncovered
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.voices import Voice

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """A base voice and its statistics."""

    voice: Voice
    statistics: VoiceStatistics


class Casting:
    """Chooses among the voices of `base`; the same voices give the same choice."""

    def __init__(
        self, base: Backend, auditions: Auditions, settings: MatchSettings, executor: Executor
    ) -> None:
        self._base, self._auditions, self._settings = base, auditions, settings
        self._executor = executor

    async def nearest(
        self,
        target: VoiceStatistics,
        language: str,
        progress: Callable[[float], None] | None = None,
    ) -> Part:
        """The voice that sounds most like `target` once moved. Raises BackendUnavailable."""
        candidates = self._candidates(language)
        parts, refusal = [], f"no voice of {self._base.name} speaks {language}"
        for number, voice in enumerate(candidates):
            try:
                heard = _share(progress, number, len(candidates))
                parts.append(Part(voice, await self._auditions.of(voice, language, heard)))
            except BackendError as error:
                refusal = str(error)
                _LOGGER.debug("%s cannot be a base: %s", voice.name, error)
        if not parts:
            raise BackendUnavailable(f"match has no base voice for {language}: {refusal}")
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, partial(_nearest, parts, target)
        )

    async def named(self, name: str, language: str) -> Part | None:
        """The voice called `name`, if it is still a candidate."""
        for voice in self._candidates(language):
            if voice.name == name:
                return Part(voice, await self._auditions.of(voice, language))
        return None

    def _candidates(self, language: str) -> Sequence[Voice]:
        every = installed(self._base)
        voices = speaking(language, every)
        related = speaking(language.replace("_", "-").split("-")[0], every)
        wanted = [voice for voice in related if voice.name == self._settings.base_voice]
        return wanted or spread(voices, self._settings.most_candidates)


def _nearest(parts: Sequence[Part], target: VoiceStatistics) -> Part:
    return min(parts, key=lambda part: uncovered(part.statistics, target))


def installed(base: Backend) -> Sequence[Voice]:
    """The voices that can be a base now: nothing is downloaded to be listened to."""
    return [voice for voice in base.capabilities().voices if voice.installed]


def speaking(language: str, voices: Sequence[Voice]) -> list[Voice]:
    """The voices of exactly this language (BCP-47), else those of another region."""
    wanted = _tag(language)
    exact = [voice for voice in voices if wanted in map(_tag, voice.languages)]
    primary = wanted.split("-")[0]
    return exact or [
        voice
        for voice in voices
        if any(_tag(tag).split("-")[0] == primary for tag in voice.languages)
    ]


def spread(voices: Sequence[Voice], most: int) -> Sequence[Voice]:
    """At most so many, evenly over the list: the speakers of one voice lie side by side in it."""
    if len(voices) <= most:
        return voices
    return [voices[number * len(voices) // most] for number in range(most)]


def _tag(language: str) -> str:
    return language.replace("_", "-").casefold()


def _share(
    progress: Callable[[float], None] | None, number: int, count: int
) -> Callable[[float], None] | None:
    return progress and (lambda share: progress((number + share) / count))
