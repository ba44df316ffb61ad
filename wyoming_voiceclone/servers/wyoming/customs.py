"""Custom voices over the wire: a recording or a state in, a name or a state out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

from wyoming.event import Event

from wyoming_voiceclone.backends import Progress
from wyoming_voiceclone.errors import BadRequest, VoiceCloneError
from wyoming_voiceclone.servers.wyoming.enrolment import telling_progress
from wyoming_voiceclone.servers.wyoming.failures import error_event, telling_failures
from wyoming_voiceclone.servers.wyoming.uploads import Upload, Uploads
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.voices.custom import LIFETIME_S, PREFIX
from wyoming_voiceclone.voices.speaker_file import SpeakerFile, dump_speaker
from wyoming_voiceclone.voices.speaker_msgpack import pack_speaker
from wyoming_voiceclone.wire import EventWriter

START = "voiceclone-voice-start"
CHUNK = "voiceclone-voice-chunk"
STOP = "voiceclone-voice-stop"
GET = "voiceclone-voice-get"
REMOVE = "voiceclone-voice-remove"
VOICE = "voiceclone-voice"
EVENTS = frozenset((START, CHUNK, STOP, GET, REMOVE))

_WRITERS: dict[str, Callable[[SpeakerFile], bytes]] = {
    "safetensors": dump_speaker,
    "msgpack": pack_speaker,
}
_PIECE = 64 * 1024


class CustomVoiceStore(Protocol):
    """What this server needs from the cloning side."""

    async def add(self, reference: Reference, progress: Progress | None = None) -> str: ...
    def add_state(self, file: SpeakerFile) -> str: ...
    async def export(self, name: str, engine: str = "") -> SpeakerFile: ...
    async def remove(self, name: str) -> None: ...


class CustomVoiceDoor:
    """For all connections: the store, and how many may bring something at once."""

    def __init__(self, store: CustomVoiceStore) -> None:
        self.store = store
        self.uploads = Uploads()


class CustomVoiceTalk:
    """One connection's: what it brings, and the answers."""

    def __init__(self, door: CustomVoiceDoor, writer: EventWriter) -> None:
        self._door, self._writer = door, writer
        self._coming: Upload | None = None
        self._whole: set[Upload] = set()

    def take(self, event: Event) -> "CustomVoiceAnswer | None":
        """What the event is answered with, when its turn comes."""
        match event.type:
            case "voiceclone-voice-start":
                if self._coming:
                    self._coming.close()
                self._coming = self._door.uploads.begin(event.data)
            case "voiceclone-voice-chunk" if self._coming:
                self._coming.add(event.payload or b"")
            case "voiceclone-voice-stop" if self._coming:
                return self._answer_to(self._coming)
            case "voiceclone-voice-get":
                return self._answer(lambda _: self._exported(event.data))
            case "voiceclone-voice-remove":
                return self._answer(lambda _: self._removed(event.data))
        return None

    def close(self) -> None:
        """Forget everything that was brought, also what waits for an answer."""
        for upload in (*self._whole, *([self._coming] if self._coming else ())):
            upload.close()

    def _answer_to(self, upload: Upload) -> "CustomVoiceAnswer":
        self._coming = None
        self._whole.add(upload)
        upload.finish()

        def over() -> None:
            upload.close()
            self._whole.discard(upload)

        return self._answer(lambda news: self._brought(upload, news), over)

    def _answer(
        self,
        give: Callable[[Progress], AsyncIterator[Event]],
        over: Callable[[], None] = lambda: None,
    ) -> "CustomVoiceAnswer":
        return CustomVoiceAnswer(give, self._writer, over)

    async def _brought(self, upload: Upload, news: Progress) -> AsyncIterator[Event]:
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
        await self._door.store.remove(name := _custom(data))
        yield Event(VOICE, {"name": name, "expires_s": 0})


class CustomVoiceAnswer:
    """Progress while something is learnt, then what was asked for, or `error`."""

    def __init__(
        self,
        give: Callable[[Progress], AsyncIterator[Event]],
        writer: EventWriter,
        over: Callable[[], None],
    ) -> None:
        """`over` is called in the end, once or more."""
        self._give, self._writer, self._over = give, writer, over

    async def give(self) -> None:
        """Answer to the end. Raises PeerGone."""
        try:
            async with telling_failures(self._writer):
                async with telling_progress(self._writer) as progress:
                    events = self._give(progress)
                    first = await anext(events)
                await self._writer.write(first)
                async for event in events:
                    await self._writer.write(event)
        finally:
            self._over()

    def break_off(self, error: VoiceCloneError) -> None:
        self._over()
        self._writer.write_last(error_event(error))


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
