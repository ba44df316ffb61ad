"""Alarm: boxes that sleep are woken for those who want them, and a little before."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.boxes.box import Box
from wyoming_voiceclone.boxes.household import Boxes
from wyoming_voiceclone.boxes.waking import MacBook, Waker, Way
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.hosting.engines import Engines
from wyoming_voiceclone.servers.wyoming.speech import Speech
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.voices import Voice, named
from wyoming_voiceclone.voices.roles import Roles


class Alarm:
    """One per server; it does nothing before it follows boxes."""

    def __init__(
        self,
        settings: Settings,
        engines: Engines,
        cloning: Cloning,
        called: Roles,
        way: Way | None = None,
    ) -> None:
        self._when = settings.boxes.wake
        self._default = settings.speech.default_voice
        self._engines, self._cloning, self._called = engines, cloning, called
        self._waker = Waker(MacBook(settings.folders.data), settings.boxes.macs, way)
        self._boxes: Boxes | None = None

    @asynccontextmanager
    async def following(self, boxes: Boxes) -> AsyncIterator[None]:
        """Learn how these boxes are woken, and wake them, for as long as this is open."""
        self._boxes = boxes
        try:
            async with meanwhile(self._waker.learn(lambda: boxes.all)):
                yield
        finally:
            self._boxes = None
            await self._waker.aclose()

    def missed(self, box: Box) -> None:
        """A request wanted it, and somebody else speaks meanwhile."""
        if self._when != "never":
            self._waker.wake(box)

    def connected(self) -> None:
        """A client has come: it may want to hear anybody."""
        if self._when == "connection":
            for box in self._asleep():
                self._waker.wake(box)

    def expected(self, voice: str | None) -> None:
        """An utterance begins: its text comes word by word, and a box has until its first end."""
        if self._when != "never":
            for box in self._wanted(self._called(voice or self._default)):
                self._waker.wake(box)

    def over(self, speech: Speech) -> "Expecting":
        return Expecting(speech, self)

    def _asleep(self) -> Iterator[Box]:
        return (box for box in (self._boxes.all if self._boxes else ()) if not box.address)

    def _wanted(self, voice: str) -> Iterator[Box]:
        """Those that would be asked first for it."""
        first = self._cloning.order(voice)[:1]
        for box in self._asleep():
            engines = box.offer.engines if box.offer else ()
            if first:
                is_first = any(f"{one.engine}@{box.name}" in first for one in engines)
            else:
                is_first = not self._is_here(voice) and any(
                    named(voice, one.capabilities.voices) for one in engines
                )
            if is_first:
                yield box

    def _is_here(self, voice: str) -> bool:
        return any(named(voice, one.capabilities().voices) for one in self._engines.backends)


class Expecting:
    """`speech`, with the alarm told at the beginning of each utterance."""

    def __init__(self, speech: Speech, alarm: Alarm) -> None:
        self._speech, self._alarm = speech, alarm

    def voices(self) -> Sequence[Voice]:
        return self._speech.voices()

    async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:
        self._alarm.expected(request.voice)
        return await self._speech.speak(request, text)
