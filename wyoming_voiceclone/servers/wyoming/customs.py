"""Custom voices over the wire: a recording or a state in, a name or a state out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

from wyoming.event import Event

from wyoming_voiceclone.backends import Progress
from wyoming_voiceclone.backends.peer.messages import read_recording
from wyoming_voiceclone.errors import BadRequest, VoiceCloneError
from wyoming_voiceclone.servers.wyoming.enrolment import News
from wyoming_voiceclone.servers.wyoming.failures import (
    ServerBusy,
    error_event,
    telling_failures,
)
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.voices.custom import LIFETIME_S, PREFIX
from wyoming_voiceclone.voices.speaker_file import SpeakerFile, dump_speaker, parse_speaker
from wyoming_voiceclone.voices.speaker_msgpack import pack_speaker, unpack_speaker
from wyoming_voiceclone.wire import EventWriter, PeerGone

START = "voiceclone-voice-start"
CHUNK = "voiceclone-voice-chunk"
STOP = "voiceclone-voice-stop"
GET = "voiceclone-voice-get"
REMOVE = "voiceclone-voice-remove"
VOICE = "voiceclone-voice"
EVENTS = frozenset((START, CHUNK, STOP, GET, REMOVE))

_PARSERS: dict[str, Callable[[bytes], SpeakerFile]] = {
    "safetensors": parse_speaker,
    "msgpack": unpack_speaker,
}
_WRITERS: dict[str, Callable[[SpeakerFile], bytes]] = {
    "safetensors": dump_speaker,
    "msgpack": pack_speaker,
}
_MOST_BYTES = 32 * 1024 * 1024
"""Of one upload: five minutes at 48 kHz, in 16 bits."""
_AT_ONCE = 4
_PIECE = 64 * 1024


class CustomVoiceStore(Protocol):
    """What this server needs from the cloning side."""

    async def add(self, reference: Reference, progress: Progress | None = None) -> str: ...
    def add_state(self, file: SpeakerFile) -> str: ...
    async def export(self, name: str, engine: str = "") -> SpeakerFile: ...
    def remove(self, name: str) -> None: ...


class CustomVoiceDoor:
    """For all connections: the store, and how many may bring something at once."""

    def __init__(self, store: CustomVoiceStore) -> None:
        self.store = store
        self.places = _AT_ONCE


class CustomVoiceTalk:
    """One connection's: what it brings, and the answers."""

    def __init__(self, door: CustomVoiceDoor, writer: EventWriter) -> None:
        self._door, self._writer = door, writer
        self._upload: _Upload | None = None

    def take(self, event: Event) -> "CustomVoiceAnswer | None":
        """What the event is answered with, when its turn comes."""
        match event.type:
            case "voiceclone-voice-start":
                self.close()
                self._upload = _Upload(event.data, self._door)
            case "voiceclone-voice-chunk" if self._upload:
                self._upload.add(event.payload or b"")
            case "voiceclone-voice-stop" if self._upload:
                upload, self._upload = self._upload, None
                return self._answer(lambda news: self._brought(upload, news), upload)
            case "voiceclone-voice-get":
                return self._answer(lambda _: self._exported(event.data))
            case "voiceclone-voice-remove":
                return self._answer(lambda _: self._removed(event.data))
        return None

    def close(self) -> None:
        """Forget what was brought in part."""
        if self._upload:
            self._upload.close()
            self._upload = None

    def _answer(
        self, give: Callable[[Progress], AsyncIterator[Event]], upload: "_Upload | None" = None
    ) -> "CustomVoiceAnswer":
        return CustomVoiceAnswer(give, self._writer, upload)

    async def _brought(self, upload: "_Upload", news: Progress) -> AsyncIterator[Event]:
        kind, brought = await asyncio.to_thread(upload.read)
        if isinstance(brought, Reference):
            name = await self._door.store.add(brought, news)
        else:
            name = self._door.store.add_state(brought)
        yield Event(VOICE, {"name": name, "expires_s": LIFETIME_S, "format": kind})

    async def _exported(self, data: dict[str, Any]) -> AsyncIterator[Event]:
        write = _WRITERS.get(form := _text(data, "format") or "safetensors")
        if write is None:
            raise BadRequest(f"format is {form!r:.40} — ask for {' or '.join(_WRITERS)}")
        file = await self._door.store.export(_custom(data), _text(data, "engine"))
        content = await asyncio.to_thread(write, file)
        yield Event(START, {"format": form, "engine": file.origin.engine})
        for piece in _pieces(content):
            yield Event(CHUNK, payload=piece)
        yield Event(STOP)

    async def _removed(self, data: dict[str, Any]) -> AsyncIterator[Event]:
        self._door.store.remove(name := _custom(data))
        yield Event(VOICE, {"name": name, "expires_s": 0})


class CustomVoiceAnswer:
    """Progress while something is learnt, then what was asked for, or `error`."""

    def __init__(
        self,
        give: Callable[[Progress], AsyncIterator[Event]],
        writer: EventWriter,
        upload: "_Upload | None" = None,
    ) -> None:
        self._give, self._writer, self._upload = give, writer, upload

    async def give(self) -> None:
        """Answer to the end. Raises PeerGone."""
        news = News(self._writer)
        telling = asyncio.create_task(news.tell())
        try:
            async with telling_failures(self._writer):
                async for event in self._give(news.add):
                    await _ended(telling)
                    await self._writer.write(event)
        finally:
            await _ended(telling)
            self._close()

    def break_off(self, error: VoiceCloneError) -> None:
        self._close()
        self._writer.write_last(error_event(error))

    def _close(self) -> None:
        if self._upload:
            self._upload.close()


class _Upload:
    """What one peer brings in pieces; it holds a place until it is closed."""

    def __init__(self, about: dict[str, Any], door: CustomVoiceDoor) -> None:
        self._about, self._door = about, door
        self._content = bytearray()
        self._fault: VoiceCloneError | None = None
        self._holds = door.places > 0
        if self._holds:
            door.places -= 1
        else:
            self._fault = ServerBusy(f"{_AT_ONCE} voices are being brought — try again")

    def add(self, piece: bytes) -> None:
        if self._fault is None and len(self._content) + len(piece) > _MOST_BYTES:
            most = f"{_MOST_BYTES // 2**20} MiB"
            self._fault = BadRequest(f"more than {most} — send less than a minute of speech")
            self._content.clear()
        if self._fault is None:
            self._content += piece

    def read(self) -> tuple[str, Reference | SpeakerFile]:
        """Blocks. Raises BadRequest, ServerBusy."""
        if self._fault:
            raise self._fault
        form, content = self._about.get("format"), bytes(self._content)
        if isinstance(form, str) and (parse := _PARSERS.get(form)):
            try:
                return form, parse(content)
            except ValueError as error:
                fact = f"cannot be read ({error})"
                raise BadRequest(f"speaker state: {fact} — export it again") from error
        return "recording", read_recording(self._about, content)

    def close(self) -> None:
        self._content.clear()
        if self._holds:
            self._holds = False
            self._door.places += 1


def _custom(data: dict[str, Any]) -> str:
    """Only custom voices: their names are secrets, those of the others are in `describe`."""
    if not (name := _text(data, "name")).startswith(PREFIX):
        raise BadRequest(f"name is {name[:40]!r} — only custom voices are given out")
    return name


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key) or ""
    if not isinstance(value, str) or len(value) > 256:
        raise BadRequest(f"{key} is no text of up to 256 characters")
    return value


def _pieces(content: bytes) -> Iterator[bytes]:
    for begin in range(0, len(content), _PIECE):
        yield content[begin : begin + _PIECE]


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, PeerGone):
        await task
