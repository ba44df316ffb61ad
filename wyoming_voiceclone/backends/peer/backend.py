"""PeerBackend: one sentence, one connection; with a peer of our kind also cloning."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from wyoming.event import Event

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.tempo import Tempo
from wyoming_voiceclone.backends.backend import (
    AudioStream,
    Capabilities,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.backends.peer.answer import Answer
from wyoming_voiceclone.backends.peer.failures import (
    before_the_first_chunk,
    error_of,
    wire_faults,
)
from wyoming_voiceclone.backends.peer.introduction import Stranger, meet
from wyoming_voiceclone.backends.peer.link import Dial, Link, PeerLimits, linked
from wyoming_voiceclone.backends.peer.messages import (
    FORGET,
    FORGET_MOST,
    OURS,
    PROGRESS,
    STATE,
    Hello,
    UnknownState,
    forget_event,
    read_state,
    reference_event,
    sentence_data,
    state_event,
)
from wyoming_voiceclone.errors import BackendUnavailable, CannotClone
from wyoming_voiceclone.text.phonemes import spelled
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key

_PIECE_SAMPLES = 8_192
"""Between two looks at what else there is to do: a peer may send a minute in one event."""


class PeerBackend:
    """A Wyoming server at `uri`: `tcp://host:port` or `unix:///path`."""

    def __init__(
        self, name: str, uri: str, limits: PeerLimits | None = None, dial: Dial | None = None
    ) -> None:
        """`dial`: how to reach it, where that takes more than its address."""
        self.name = name
        self.uri = uri
        self._limits = limits or PeerLimits()
        self._dial = dial or (lambda: linked(name, uri, self._limits))
        self._met: Hello | Stranger | None = None
        self._meeting = asyncio.Lock()
        self._open: set[Link] = set()
        self._closed = False

    @property
    def revision(self) -> str:
        """Of the peer's speaker states; "" until it was met, and when it does not clone."""
        return self._met.revision if self._met else ""

    def capabilities(self) -> Capabilities:
        """As the peer told when it was met last; nothing before that."""
        return self._met.capabilities if self._met else Capabilities(())

    async def meet(self) -> Hello | Stranger:
        """Ask the peer who it is: it may have other voices now. Raises BackendUnavailable."""
        async with self._meeting:
            with before_the_first_chunk(), wire_faults(self.name):
                async with self._dial() as link:
                    self._met = await meet(link, self._limits.hello_s)
        return self._met

    def know(self, met: Hello | None) -> None:
        """What it offers was told by other means; None: ask it again before it is used."""
        self._met = met

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak one sentence there. Raises BackendUnavailable before the first chunk."""
        met = await self._ready()
        with before_the_first_chunk():
            async with AsyncExitStack() as stack:
                link = await stack.enter_async_context(self._linked())
                answer = Answer(link, self.name, self._limits.silence_s)
                speed = 1.0
                if isinstance(met, Hello):
                    await self._ask(link, answer, request)
                else:
                    await self._ask_plainly(link, answer, request, met)
                    speed = 1.0 if met.takes_manner else request.speed
                chunks = _chunks(answer, Tempo(answer.rate, speed), stack.pop_all())
                return await AudioStream.begin(
                    answer.rate, chunks, timings=answer.timings, full_scale=answer.full_scale
                )

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Let the peer compute a speaker state. Raises as CloningBackend.enroll does."""
        met = await self._ready()
        if not isinstance(met, Hello) or not met.capabilities.clones:
            raise CannotClone(f"{self.name}: does not clone — choose an engine that does")
        with before_the_first_chunk(), wire_faults(self.name):
            async with self._linked() as link:
                await link.send(reference_event(reference))
                enrolled = await self._enrolled(link, progress)
                return await asyncio.to_thread(self._state, enrolled, reference)

    async def forget(self, keys: Collection[str]) -> None:
        """Let it forget speaker states. Raises BackendUnavailable."""
        if not isinstance(await self._ready(), Hello):
            return  # it was never given any
        left = list(keys)
        with before_the_first_chunk(), wire_faults(self.name):
            async with self._linked() as link:
                while left:
                    part, left = left[:FORGET_MOST], left[FORGET_MOST:]
                    await link.send(forget_event(part))
                    while (event := await link.receive(self._limits.hello_s)).type != FORGET:
                        if event.type == "error":
                            raise error_of(event, self.name)
                link.at_rest = True

    def _state(self, event: Event, reference: Reference) -> SpeakerState:
        """Under the key that it has here: over there the engine may be called otherwise."""
        key = state_key(reference, self.name, self.revision)
        return replace(read_state(event), key=key)

    async def aclose(self) -> None:
        """Break off whatever is being spoken."""
        self._closed = True
        for link in list(self._open):
            await link.aclose()

    async def _ready(self) -> Hello | Stranger:
        if self._closed:
            raise BackendUnavailable(f"{self.name}: is closed")
        return self._met or await self.meet()

    @asynccontextmanager
    async def _linked(self) -> AsyncIterator[Link]:
        async with self._dial() as link:
            self._open.add(link)
            try:
                yield link
            finally:
                self._open.discard(link)

    async def _ask(self, link: Link, answer: Answer, request: SynthesisRequest) -> None:
        """Send the sentence; the speaker state only to a peer that does not have it yet."""
        voice = {"name": request.voice, "language": request.language}
        asking = _synthesize(request.text, voice, sentence_data(request))
        with wire_faults(self.name):
            await link.send(asking)
        try:
            await answer.begin()
        except UnknownState:
            if request.speaker_state is None:
                raise BackendUnavailable(f"{self.name}: asks for a state nobody named") from None
            state = await asyncio.to_thread(state_event, request.speaker_state)
            with wire_faults(self.name):
                await link.send(state, asking)
            await self._begin_again(answer)

    async def _begin_again(self, answer: Answer) -> None:
        try:
            await answer.begin()
        except UnknownState as error:
            raise BackendUnavailable(f"{self.name}: does not keep a speaker state") from error

    async def _ask_plainly(
        self, link: Link, answer: Answer, request: SynthesisRequest, met: Stranger
    ) -> None:
        """What any server understands."""
        if request.speaker_state:
            raise BackendUnavailable(f"{self.name}: does not clone")
        if request.voice not in {voice.name for voice in self.capabilities().voices}:
            raise BackendUnavailable(f"{self.name}: has no voice {request.voice}")
        name, mark, speaker = request.voice.partition("#")
        voice = {"name": name, "language": request.language, "speaker": speaker if mark else None}
        manner: dict[str, Any] = {}
        if met.takes_manner:
            manner = {"speed": request.speed, "settings": dict(request.settings)}
        with wire_faults(self.name):
            await link.send(_synthesize(spelled(request.text), voice, manner))
        await answer.begin()

    async def _enrolled(self, link: Link, progress: Progress | None) -> Event:
        """The state's event, after all the news of progress."""
        while True:
            event = await link.receive(self._limits.enroll_silence_s)
            share = event.data.get("share")
            if event.type == PROGRESS and progress and isinstance(share, int | float):
                progress(min(1.0, max(0.0, share)))
            elif event.type == "error":
                raise error_of(event, self.name)
            elif event.type == STATE:
                if progress:
                    progress(1.0)
                return event


def _synthesize(text: str, voice: dict[str, str | None], ours: dict[str, Any]) -> Event:
    known = {key: value for key, value in voice.items() if value}
    return Event("synthesize", {"text": text, "voice": known} | ({OURS: ours} if ours else {}))


async def _chunks(
    answer: Answer, tempo: Tempo, held: AsyncExitStack
) -> AsyncGenerator[Chunk, None]:
    async with held:
        async for chunk in answer.chunks():
            for at in range(0, len(chunk), _PIECE_SAMPLES):
                if len(moved := tempo.feed(chunk[at : at + _PIECE_SAMPLES])):
                    yield moved
                await asyncio.sleep(0)
        if len(rest := tempo.finish()):
            yield rest
