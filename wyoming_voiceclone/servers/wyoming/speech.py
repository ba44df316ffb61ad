"""What this server needs from the speaking side."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.voices import Voice


class Speech(Protocol):
    def voices(self) -> Sequence[Voice]:
        """Every voice, the default one first. Cheap: asked at each `describe`."""
        ...

    async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:
        """Speak one utterance at one rate; returns once the first chunk is ready.

        A text with nothing to say gives a stream without chunks. Raises NoBackend and BadRequest;
        later failures are raised by the stream. Closing the stream stops all the work.
        """
        ...
