"""Uploads: what peers bring in pieces, a few at a time."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from wyoming_voiceclone.backends.peer.messages import read_recording
from wyoming_voiceclone.errors import BadRequest, VoiceCloneError
from wyoming_voiceclone.servers.wyoming.failures import ServerBusy
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.voices.speaker_file import SpeakerFile, parse_speaker
from wyoming_voiceclone.voices.speaker_msgpack import unpack_speaker

_PARSERS: dict[str, Callable[[bytes], SpeakerFile]] = {
    "safetensors": parse_speaker,
    "msgpack": unpack_speaker,
}
_MOST_BYTES = 32 * 1024 * 1024
"""Of one upload: five minutes at 48 kHz, in 16 bits."""
_AT_ONCE = 4
_MOST_S = 60.0
"""From its beginning; after that, whoever wants the place gets it. The most bytes in a minute are
4 Mbit/s."""


class Uploads:
    """The places for what all peers bring."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[Upload, float] = {}  # since when

    def begin(self, about: Mapping[str, Any]) -> "Upload":
        """One that holds a place until it is closed, or refuses when it is read."""
        upload = Upload(about, self._leave)
        if len(self._held) >= _AT_ONCE:
            self._make_room()
        if len(self._held) < _AT_ONCE:
            self._held[upload] = self._clock()
        else:
            upload.refuse(ServerBusy(f"{_AT_ONCE} voices are being brought — try again"))
        return upload

    def _make_room(self) -> None:
        latest = self._clock() - _MOST_S
        late = (one for one, began in self._held.items() if began <= latest and not one.is_whole)
        if (slow := next(late, None)) is not None:
            slow.refuse(BadRequest(f"not there after {_MOST_S:g} s — send it again, at once"))

    def _leave(self, upload: "Upload") -> None:
        self._held.pop(upload, None)


class Upload:
    """What one peer brings."""

    def __init__(self, about: Mapping[str, Any], leave: "Callable[[Upload], None]") -> None:
        self._about, self._leave = about, leave
        self._content = bytearray()
        self._fault: VoiceCloneError | None = None
        self.is_whole = False

    def add(self, piece: bytes) -> None:
        if self._fault is None and len(self._content) + len(piece) > _MOST_BYTES:
            most = f"{_MOST_BYTES // 2**20} MiB"
            self.refuse(BadRequest(f"more than {most} — send less than a minute of speech"))
        if self._fault is None:
            self._content += piece

    def refuse(self, fault: VoiceCloneError) -> None:
        """Forget what came, and ignore what comes; `read` tells why."""
        self._fault = fault
        self.close()

    def finish(self) -> None:
        """Nothing more comes: it keeps its place for as long as learning it takes."""
        self.is_whole = True

    def read(self) -> tuple[str, Reference | SpeakerFile]:
        """Its format, and what it is. Blocks. Raises BadRequest, ServerBusy."""
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
        """Give the place back."""
        self._content.clear()
        self._leave(self)
