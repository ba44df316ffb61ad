"""`say`: speak here and now, without a server."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from wyoming_voiceclone.app import open_app
from wyoming_voiceclone.commands.listening import Sink, file_sink, loudspeaker
from wyoming_voiceclone.commands.options import (
    Config,
    DataDir,
    LogLevel,
    VoiceName,
    VoicesDir,
    begin,
)
from wyoming_voiceclone.commands.piped import piped_text
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.synthesis.utterance import TextFormat, UtteranceRequest


def say(  # noqa: PLR0913 -- one per flag
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    *,
    voice: VoiceName = None,
    language: Annotated[str | None, typer.Option(help="The text's language: de-DE.")] = None,
    speed: Annotated[float, typer.Option(min=0.25, max=4, help="2 is twice as fast.")] = 1.0,
    ssml: Annotated[bool, typer.Option("--ssml", help="The text is SSML.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="A .wav or .flac, not the speaker."),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Say a text through this machine's loudspeaker, or into a file.

    [dim]wyoming-voiceclone say "Dinner is ready." --speed 1.2[/]

    [dim]cat letter.txt | wyoming-voiceclone say - -o letter.wav[/]
    """
    flags = {"folders": {"data": data_dir, "voices": voices_dir}}
    settings = begin(config, flags, log_level, quiet=True)
    text_format: TextFormat = "ssml" if ssml else "text"
    request = UtteranceRequest(voice, language, text_format=text_format, speed=speed)
    asyncio.run(_say(settings, request, text, output))


async def _say(
    settings: Settings, request: UtteranceRequest, text: str, output: Path | None
) -> None:
    async with open_app(settings) as app:
        began = time.monotonic()
        pieces = piped_text() if text == "-" else _once(text)
        async with await app.speech.speak(request, pieces) as stream:
            first_s, spoken_s = time.monotonic() - began, 0.0
            sink: Sink = (
                loudspeaker(stream.rate) if output is None else file_sink(output, stream.rate)
            )
            async with sink as write:
                async for chunk in stream:
                    spoken_s += len(chunk) / stream.rate
                    await write(chunk)
    where = f"{output}: " if output else ""
    told = f"{where}{spoken_s:.1f} s of speech, the first sound after {first_s * 1000:.0f} ms"
    print(told, file=sys.stderr)  # noqa: T201 -- standard output is for what is asked for


async def _once(text: str) -> AsyncIterator[str]:
    yield text
