"""One connection: a reader beside a speaker, so that neither waits for the other."""

import asyncio
import logging
import time
from typing import Any, Protocol

from wyoming.event import Event
from wyoming.ping import Pong

from wyoming_voiceclone.errors import BadRequest, ProtocolError, VoiceCloneError
from wyoming_voiceclone.servers.wyoming.answer import Answer, Utterance
from wyoming_voiceclone.servers.wyoming.enrolment import EnrolmentAnswer
from wyoming_voiceclone.servers.wyoming.extension import Extension, is_sentence
from wyoming_voiceclone.servers.wyoming.failures import ServerStopping, error_event
from wyoming_voiceclone.servers.wyoming.info import Description
from wyoming_voiceclone.servers.wyoming.limits import Limits
from wyoming_voiceclone.servers.wyoming.requests import text_of, utterance_request
from wyoming_voiceclone.servers.wyoming.sentence import SentenceAnswer
from wyoming_voiceclone.servers.wyoming.speech import Speech
from wyoming_voiceclone.servers.wyoming.text_stream import TextStream
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.wire import EventReader, EventWriter, PeerGone

_LOGGER = logging.getLogger(__name__)

_PROBE = b" "
"""White space before the next header is legal JSON, and makes a closed peer's kernel answer."""
_PROBE_FIRST_S = 0.1
_PROBE_EVERY_S = 1.0
_LINGER_S = 1.0
"""For the last bytes to arrive before the connection is closed."""


class Reply(Protocol):
    """What one request of a peer is answered with."""

    async def give(self) -> None:
        """Answer to the end. Raises PeerGone."""
        ...

    def break_off(self, error: VoiceCloneError) -> None:
        """Say why nothing more comes; for an answer whose `give` was cancelled."""
        ...


class Connection:
    """Serves one peer until it has gone, broke the rules, or was idle too long."""

    def __init__(
        self,
        speech: Speech,
        description: Description,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        limits: Limits,
        extension: Extension | None = None,
    ) -> None:
        self._speech = speech
        self._description = description
        self._limits = limits
        self._extension = extension
        bounds = limits.bounds()
        self._reader = EventReader(streams[0], extension.bounds(bounds) if extension else bounds)
        self._writer = EventWriter(streams[1], limits.write_s)
        self._waiting: asyncio.Queue[Reply | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(limits.queued_utterances)
        self._text: TextStream | None = None  # of the open text stream
        self._unanswered = 0
        self._broken: ProtocolError | None = None  # until the peer has been told
        self._linger = False
        self.active_at = time.monotonic()
        """When something last happened here."""

    @property
    def speaking(self) -> bool:
        return self._unanswered > 0

    def finish(self) -> None:
        """End after the utterances that were asked for."""
        self._waiting.put_nowait(None)

    async def serve(self) -> None:
        """Return when the connection is over. Whatever the peer does, nothing is raised."""
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = tasks.create_task(self._answer_in_turn())
                others = (tasks.create_task(self._read()), tasks.create_task(self._writer.lost()))
                await asyncio.wait([speaking])
                for task in others:
                    task.cancel()
        except* PeerGone as gone:
            _LOGGER.debug("a connection is over: %s", gone.exceptions[0])
        except* ProtocolError as broken:
            _LOGGER.info("a connection is closed: %s", broken.exceptions[0])
        except* Exception:
            _LOGGER.exception("a fault on a connection")
        finally:
            await self._close()

    async def _answer_in_turn(self) -> None:
        while answer := await self._waiting.get():
            self._room.release()
            try:
                await answer.give()
            except asyncio.CancelledError:
                answer.break_off(self._broken or ServerStopping("the server is stopping"))
                self._broken, self._linger = None, True
                raise
            self._unanswered -= 1
            self.active_at = time.monotonic()

    async def _read(self) -> None:
        try:
            await self._read_events()
        except ProtocolError as error:
            self._broken = error
            raise
        if self._text:
            self._text.end()
        self.finish()
        await self._probe()

    async def _read_events(self) -> None:
        wait_s = self._limits.first_byte_s
        while event := await self._next(wait_s):
            self.active_at = time.monotonic()
            await self._handle(event)
            wait_s = self._limits.idle_s
            await asyncio.sleep(0)  # a flood of small events must not hold up everybody else

    async def _next(self, wait_s: float) -> Event | None:
        while True:
            try:
                return await self._reader.read(wait_s)
            except TimeoutError:
                if self._text:
                    raise ProtocolError(f"no text came for {wait_s:g} s, nor its end") from None
                if not self.speaking:
                    raise PeerGone(f"idle for {wait_s:g} s") from None

    async def _handle(self, event: Event) -> None:
        match event.type:
            case "describe":
                await self._writer.write_frames(self._description.frame())
            case "ping":
                text = event.data.get("text")
                await self._writer.write(Pong(text if isinstance(text, str) else None).event())
            case "synthesize" if not self._text:  # inside a text stream it is a copy of the text
                await self._take(event.data)
            case "synthesize-start":
                await self._open_text(event.data)
            case "synthesize-chunk" if self._text:
                _add_text(self._text, event.data)
            case "synthesize-stop" if self._text:
                self._text.end()
                self._text = None
            case "voiceclone-hello" if self._extension:
                await self._writer.write(self._extension.hello())
            case "voiceclone-state" if self._extension:
                await self._extension.keep(event)
            case "voiceclone-enroll" if self._extension:
                await self._queue(EnrolmentAnswer(self._extension, event, self._writer))
            case _:
                _LOGGER.debug("ignored: %.80r", event.type)

    async def _take(self, data: dict[str, Any]) -> None:
        if (extension := self._extension) and is_sentence(data):
            await self._queue(
                SentenceAnswer(extension, data, self._limits.name_chars, self._writer)
            )
            return
        utterance = self._utterance(data, streaming=False)
        _add_text(utterance.text, data)
        utterance.text.end()
        await self._queue(Answer(utterance, self._speech, self._writer))

    async def _open_text(self, data: dict[str, Any]) -> None:
        if self._text:
            self._text.end()
        utterance = self._utterance(data, streaming=True)
        self._text = utterance.text
        await self._queue(Answer(utterance, self._speech, self._writer))

    def _utterance(self, data: dict[str, Any], *, streaming: bool) -> Utterance:
        text = TextStream(self._limits.text_chars)
        request = UtteranceRequest()
        try:
            request = utterance_request(data, self._limits.name_chars)
        except BadRequest as error:
            text.fail(error)  # answered when its turn comes
        return Utterance(request, text, streaming)

    async def _queue(self, reply: Reply) -> None:
        await self._room.acquire()
        self._unanswered += 1
        self._waiting.put_nowait(reply)

    async def _probe(self) -> None:
        """Find out whether a peer that ended its input still listens, while we speak to it."""
        wait_s = _PROBE_FIRST_S
        while self.speaking:
            await self._writer.write_frames(_PROBE)
            await asyncio.sleep(wait_s)
            wait_s = _PROBE_EVERY_S

    async def _close(self) -> None:
        if self._broken:
            self._writer.write_last(error_event(self._broken))
            self._linger = True
        try:
            if self._linger:
                # closing with input unread resets the connection, and takes our words with it
                self._writer.end()
                async with asyncio.timeout(_LINGER_S):
                    await self._reader.discard()
        except (TimeoutError, PeerGone):
            pass
        finally:
            await self._writer.aclose(_LINGER_S)


def _add_text(text: TextStream, data: dict[str, Any]) -> None:
    try:
        text.add(text_of(data))
    except BadRequest as error:
        text.fail(error)
