"""`say`: speak here and now, without a server."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from wyoming_voiceclone.app import open_app
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.commands.listening import Sink, file_sink, loudspeaker
from wyoming_voiceclone.commands.options import (
    PATIENT,
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
from wyoming_voiceclone.voices import named


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
    flags = {**PATIENT, "folders": {"data": data_dir, "voices": voices_dir}}
    settings = begin(config, flags, log_level, quiet=True)
    text_format: TextFormat = "ssml" if ssml else "text"
    request = UtteranceRequest(voice, language, text_format=text_format, speed=speed)
    asyncio.run(_say(settings, request, text, output))


async def _say(
    settings: Settings, request: UtteranceRequest, text: str, output: Path | None
) -> None:
    async with open_app(settings) as app:
        wanted = request.voice or settings.speech.default_voice
        if wanted and named(app.called(wanted), app.speech.voices()) is None:
            _tell(f"{wanted} is not here — wyoming-voiceclone voices download {wanted}")
        began = time.monotonic()
        pieces = piped_text() if text == "-" else _once(text)
        async with await app.speech.speak(request, pieces) as stream:
            first_ms = (time.monotonic() - began) * 1000
            spoken_s = await _into(output, stream)
    where = f"{output}: " if output else ""
    _tell(f"{where}{spoken_s:.1f} s of speech, the first sound after {first_ms:.0f} ms")


async def _into(output: Path | None, stream: AudioStream) -> float:
    """How many seconds were written."""
    sink: Sink = loudspeaker(stream.rate) if output is None else file_sink(output, stream.rate)
    samples = 0
    async with sink as write:
        async for chunk in stream:
            samples += len(chunk)
            await write(chunk)
    return samples / stream.rate


def _tell(line: str) -> None:
    typer.echo(line, err=True)  # standard output is for what is asked for


async def _once(text: str) -> AsyncIterator[str]:
    yield text
