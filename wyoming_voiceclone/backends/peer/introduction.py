"""Getting to know a peer: its hello, or, when it knows none, its `info`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from wyoming.event import Event
from wyoming.info import Describe, Info, TtsProgram, TtsVoice

from wyoming_voiceclone.backends.backend import Capabilities
from wyoming_voiceclone.backends.peer.link import Link
from wyoming_voiceclone.backends.peer.messages import HELLO, Hello, hello_event, read_hello
from wyoming_voiceclone.errors import ProtocolError
from wyoming_voiceclone.voices import Voice

_BCP_47 = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_UNDETERMINED = "und"
"""BCP-47 for a voice that tells no language."""


_OUR_PROGRAM = "voiceclone"


@dataclass(frozen=True, slots=True)
class Stranger:
    """A peer that knows no extension."""

    capabilities: Capabilities
    takes_manner: bool
    """Whether it is this program after all, and so takes speed and settings with a text."""

    revision: ClassVar[str] = ""
    """It makes no speaker states."""


async def meet(link: Link, wait_s: float) -> Hello | Stranger:
    """Ask both ways at once; who knows no hello ignores it and answers the other."""
    await link.send(hello_event(), Describe().event())
    while True:
        event = await link.receive(wait_s)
        if event.type == HELLO:
            return read_hello(event.data)
        if event.type == "info":
            return read_info(event)


def read_info(event: Event) -> Stranger:
    """What is installed there. Raises ProtocolError."""
    try:
        programs = [program for program in Info.from_event(event).tts if program.installed]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"its info cannot be understood: {error!r:.100}") from None
    voices = {voice.name: voice for program in programs for voice in _voices(program)}
    streams = any(program.supports_synthesize_streaming for program in programs)
    ours = bool(programs) and all(program.name == _OUR_PROGRAM for program in programs)
    return Stranger(Capabilities(tuple(voices.values()), streams=streams), ours)


def _voices(program: TtsProgram) -> Iterator[Voice]:
    for voice in program.voices:
        if voice.installed:
            yield _voice(voice, voice.name)
            for speaker in voice.speakers or ():
                yield _voice(voice, f"{voice.name}#{speaker.name}")


def _voice(voice: TtsVoice, name: str) -> Voice:
    tags = [tag.replace("_", "-") for tag in voice.languages]
    return Voice(
        name=name,
        languages=tuple(tag for tag in tags if _BCP_47.fullmatch(tag)) or (_UNDETERMINED,),
        description=voice.description or "",
        attribution=voice.attribution.name,
        attribution_url=voice.attribution.url,
        revision=voice.version or "",
    )
