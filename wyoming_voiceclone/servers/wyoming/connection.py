"""One connection: a reader beside a speaker, so that neither waits for the other."""

import asyncio
import logging
import socket
import time
from dataclasses import replace
from typing import Any

from wyoming.event import Event
from wyoming.ping import Pong

from wyoming_voiceclone.errors import BadRequest, ProtocolError
from wyoming_voiceclone.servers.wyoming import customs
from wyoming_voiceclone.servers.wyoming.answer import Answer, Utterance
from wyoming_voiceclone.servers.wyoming.customs import CustomVoiceDoor, CustomVoiceTalk
from wyoming_voiceclone.servers.wyoming.enrolment import EnrolmentAnswer
from wyoming_voiceclone.servers.wyoming.extension import Extension, is_sentence
from wyoming_voiceclone.servers.wyoming.failures import ServerBusy, error_event
from wyoming_voiceclone.servers.wyoming.forgetting import ForgettingAnswer
from wyoming_voiceclone.servers.wyoming.info import Description
from wyoming_voiceclone.servers.wyoming.limits import Limits
from wyoming_voiceclone.servers.wyoming.requests import text_of, utterance_request
from wyoming_voiceclone.servers.wyoming.sentence import SentenceAnswer
from wyoming_voiceclone.servers.wyoming.speakers import Speakers
from wyoming_voiceclone.servers.wyoming.speech import Speech
from wyoming_voiceclone.servers.wyoming.text_stream import TextStream
from wyoming_voiceclone.servers.wyoming.turns import Reply, Turns
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.wire import EventReader, EventWriter, PeerGone

_LOGGER = logging.getLogger(__name__)

_PROBE = b" "
"""White space before the next header is legal JSON, and makes a closed peer's kernel answer."""
_PROBE_FIRST_S = 0.1
_PROBE_EVERY_S = 1.0
_TEXT = {"synthesize-start", "synthesize-chunk"}
"""What alone keeps a text stream open; pings do not."""
_LINGER_S = 1.0
"""For the last bytes to arrive before the connection is closed."""


class Connection:
    """Serves one peer until it has gone, broke the rules, or was idle too long."""

    def __init__(
        self,
        speech: Speech,
        description: Description,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        limits: Limits,
        extension: Extension | None = None,
        door: CustomVoiceDoor | None = None,
        speakers: Speakers | None = None,
    ) -> None:
        self._speech = speech
        self._description = description
        self._limits = limits
        self._extension = extension
        bounds = limits.bounds()
        self._reader = EventReader(streams[0], extension.bounds(bounds) if extension else bounds)
        self._writer = EventWriter(streams[1], limits.write_s)
        self._customs = CustomVoiceTalk(door, self._writer) if door else None
        self._turns = Turns(limits.queued_utterances)
        self._text: TextStream | None = None  # of the open text stream
        self._stream: Answer | None = None  # to the newest text stream
        self._heard_at = time.monotonic()  # something that counts
        self._begun = self._broken = False  # broken by the peer: the rules
        address = address_of(streams[1])
        self._peer = address or "a local program"
        self._voice = speakers.voice(address) if speakers else None  # where none is asked for

    @property
    def idle_since(self) -> float | None:
        """When something last happened here; None while there is something to speak."""
        stream, turns = self._stream, self._turns
        starving = stream and turns.is_sole(stream) and stream.silent_s > self._limits.silent_s
        if not self._begun or (turns.busy and not starving):  # unbegun, it could not even close
            return None
        return max(self._heard_at, turns.ended_at)

    def give_way(self) -> None:
        """Tell whoever is cancelled from now on that somebody else needs the connection."""
        self._turns.why = ServerBusy(
            "every connection is in use, and no text came here — try again"
        )

    def finish(self) -> None:
        """End after the utterances that were asked for."""
        self._turns.finish()

    async def serve(self) -> None:
        """Return when the connection is over. Whatever the peer does, nothing is raised."""
        self._begun = True
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = tasks.create_task(self._turns.run())
                others = (tasks.create_task(self._read()), tasks.create_task(self._writer.lost()))
                await asyncio.wait([speaking])
                for task in others:
                    task.cancel()
        except* PeerGone as gone:
            _LOGGER.debug("the connection of %s is over: %s", self._peer, gone.exceptions[0])
        except* ProtocolError as broken:
            _LOGGER.info("%s broke the rules: %s", self._peer, broken.exceptions[0])
        except* Exception:
            _LOGGER.exception("a fault on the connection of %s", self._peer)
        finally:
            await self._close()

    async def _read(self) -> None:
        try:
            await self._read_events()
        except ProtocolError as error:
            self._turns.why, self._broken = error, True
            raise
        if self._text:
            self._text.end()
        self.finish()
        await self._probe()

    async def _read_events(self) -> None:
        wait_s = self._limits.first_byte_s
        while event := await self._next(wait_s):
            if not self._text or event.type in _TEXT:
                self._heard_at = time.monotonic()
            await self._handle(event)
            wait_s = self._limits.idle_s
            await asyncio.sleep(0)  # a flood of small events must not hold up everybody else

    async def _next(self, wait_s: float) -> Event | None:
        while True:
            left_s = self._heard_at + wait_s - time.monotonic() if self._text else wait_s
            if left_s <= 0:
                raise ProtocolError(f"no text came for {wait_s:g} s, nor its end")
            try:
                return await self._reader.read(left_s)
            except TimeoutError:
                if not self._text and not self._turns.busy:
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
            case _:
                await self._handle_ours(event)

    async def _handle_ours(self, event: Event) -> None:
        """What other servers ignore, as we do where it is not offered."""
        match event.type:
            case "voiceclone-hello" if self._extension:
                await self._writer.write(self._extension.hello())
            case "voiceclone-state" if self._extension:
                await self._extension.keep(event)
            case "voiceclone-enroll" if self._extension:
                await self._queue(EnrolmentAnswer(self._extension, event, self._writer))
            case "voiceclone-forget" if self._extension:
                await self._queue(ForgettingAnswer(self._extension, event, self._writer))
            case kind if self._customs and kind in customs.EVENTS:
                if (answer := self._customs.take(event)) is not None:
                    await self._queue(answer)
            case _:
                _LOGGER.debug("ignored: %.80r", event.type)

    async def _take(self, data: dict[str, Any]) -> None:
        if (extension := self._extension) and is_sentence(data):
            chars = self._limits.name_chars
            await self._queue(SentenceAnswer(extension, data, chars, self._writer))
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
        self._stream = Answer(utterance, self._speech, self._writer)
        await self._queue(self._stream)

    def _utterance(self, data: dict[str, Any], *, streaming: bool) -> Utterance:
        text = TextStream(self._limits.text_chars)
        request = UtteranceRequest()
        try:
            request = utterance_request(data, self._limits.name_chars)
            if request.voice is None and request.language is None:
                request = replace(request, voice=self._voice)
        except BadRequest as error:
            text.fail(error)  # answered when its turn comes
        return Utterance(request, text, streaming)

    async def _queue(self, reply: Reply) -> None:
        await self._turns.take(reply)
        self._heard_at = time.monotonic()  # while there was no room, nothing was read

    async def _probe(self) -> None:
        """Find out whether a peer that ended its input still listens, while we speak to it."""
        wait_s = _PROBE_FIRST_S
        while self._turns.busy:
            await self._writer.write_frames(_PROBE)
            await asyncio.sleep(wait_s)
            wait_s = _PROBE_EVERY_S

    async def _close(self) -> None:
        if self._customs:
            self._customs.close()
        if self._broken and not self._turns.told:
            self._writer.write_last(error_event(self._turns.why))
        try:
            if self._broken or self._turns.told:
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


def address_of(stream: asyncio.StreamWriter) -> str | None:
    """The peer's IP address; None for a Unix socket, where the file's mode decides who may."""
    if stream.get_extra_info("socket").family == socket.AF_UNIX:
        return None
    peer = stream.get_extra_info("peername")
    return str(peer[0]) if peer else "unknown"
