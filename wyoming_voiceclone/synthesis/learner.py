"""Learner: what an engine knows of a voice, as far as a listener can wait for it."""

import asyncio
import logging

from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, CannotClone
from wyoming_voiceclone.voices import SpeakerState
from wyoming_voiceclone.voices.speaker_cache import Compute, SpeakerCache, Wanted

_LOGGER = logging.getLogger(__name__)


class Learner:
    """States from the cache; refusals are told once for each recording."""

    def __init__(self, speakers: SpeakerCache, patience_s: float) -> None:
        self.speakers = speakers
        self._patience_s = patience_s
        self._told: set[tuple[str, str]] = set()

    async def learnt(self, wanted: Wanted, compute: Compute) -> SpeakerState:
        """The state; learning goes on when it takes longer than a listener waits.

        Raises BackendUnavailable.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                return await self.speakers.state(wanted, compute)
        except TimeoutError:
            share = self.speakers.share(wanted.key) or 0.0
            fact = f"{wanted.origin.engine} is still learning {wanted.origin.voice} ({share:.0%})"
            raise BackendUnavailable(fact) from None
        except (BadRecording, CannotClone) as error:
            self.tell_refusal(wanted, error)
            raise BackendUnavailable(str(error)) from error

    def tell_refusal(self, wanted: Wanted, error: BadRecording | CannotClone) -> None:
        """Warn once for each recording."""
        voice, engine = wanted.origin.voice, wanted.origin.engine
        if (key := (engine, wanted.key)) not in self._told:
            self._told.add(key)
            _LOGGER.warning("%s cannot speak as %s: %s", engine, voice, error)
