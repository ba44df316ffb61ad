"""A client's side of custom voices: what any program with the wyoming package can do."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from wyoming.error import Error
from wyoming.event import Event

from wyoming_voiceclone.testing.line import Line

_PIECE = 32 * 1024


@dataclass
class Brought:
    """The answer to a recording or a state."""

    name: str = ""
    shares: list[float] = field(default_factory=list)
    """How far learning was, as it was told."""
    error: Error | None = None


async def bring_recording(
    line: Line, pcm16: bytes, rate: int, *, transcript: str = "", language: str | None = None
) -> Brought:
    """Have a voice learnt from mono, signed 16-bit samples."""
    about = {"format": "pcm16", "rate": rate, "transcript": transcript, "language": language}
    return await _bring(line, Event("voiceclone-voice-start", about), pcm16)


async def bring_state(line: Line, state: bytes, form: str) -> Brought:
    """Have a voice made of a state; `form` is `safetensors` or `msgpack`."""
    return await _bring(line, Event("voiceclone-voice-start", {"format": form}), state)


async def fetch_state(line: Line, name: str, form: str, engine: str = "") -> bytes | Error:
    """What an engine ("": the first that knows it) knows of a custom voice."""
    about = {"name": name, "format": form, "engine": engine}
    await line.send_event(Event("voiceclone-voice-get", about))
    content = bytearray()
    while (event := await line.receive()) and event.type != "voiceclone-voice-stop":
        if Error.is_type(event.type):
            return Error.from_event(event)
        content += event.payload or b""
    return bytes(content)


async def _bring(line: Line, start: Event, content: bytes) -> Brought:
    await line.send_event(start)
    for piece in _pieces(content):
        await line.send_event(Event("voiceclone-voice-chunk", payload=piece))
    await line.send_event(Event("voiceclone-voice-stop"))
    brought = Brought()
    while event := await line.receive():
        if event.type == "voiceclone-progress":
            brought.shares.append(event.data["share"])
            continue
        if Error.is_type(event.type):
            brought.error = Error.from_event(event)
        else:
            brought.name = event.data["name"]
        break
    return brought


def _pieces(content: bytes) -> Iterator[bytes]:
    for begin in range(0, len(content), _PIECE):
        yield content[begin : begin + _PIECE]
