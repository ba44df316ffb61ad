"""`say`: speak here and now, without a server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand

from wyoming_voiceclone.app import App, open_app
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.commands.asked_voice import can_come, how_it_comes, is_here, unknown
from wyoming_voiceclone.commands.listening import (
    PIPE,
    Sink,
    Write,
    check_output,
    file_sink,
    loudspeaker,
    pipe_sink,
)
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
from wyoming_voiceclone.errors import BadRequest
from wyoming_voiceclone.synthesis.utterance import TextFormat, UtteranceRequest
from wyoming_voiceclone.voices import language_in

# click's, which typer carries along under no public name
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)


class SayCommand(TyperCommand):
    """Tells how to write a text that the shell or the options took apart."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except _UsageError as error:
            if error.message.startswith("Got unexpected extra argument"):
                error.message += ' — put the text in quotes: say "two words"'
            elif error.message.startswith("No such option"):
                error.message += ' — a text that begins with - comes after --: say -- "-5 degrees"'
            raise


def say(  # noqa: PLR0913 -- one per flag
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    *,
    voice: VoiceName = None,
    language: Annotated[str | None, typer.Option(help="The text's language: de-DE.")] = None,
    speed: Annotated[float, typer.Option(min=0.25, max=4, help="2 is twice as fast.")] = 1.0,
    ssml: Annotated[bool, typer.Option("--ssml", help="The text is SSML.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A .wav or .flac instead of the loudspeaker; - writes WAV to standard output.",
        ),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Say a text through this machine's loudspeaker, or into a file.

    [dim]wyoming-voiceclone say "Dinner is ready." --speed 1.2[/]

    [dim]cat letter.txt | wyoming-voiceclone say - -o letter.wav[/]

    [dim]wyoming-voiceclone say -o - -- "-5 degrees" | aplay[/]
    """
    flags = {**PATIENT, "folders": {"data": data_dir, "voices": voices_dir}}
    settings = begin(config, flags, log_level, quiet=True)
    if output:
        check_output(output)
    text_format: TextFormat = "ssml" if ssml else "text"
    request = UtteranceRequest(voice, language, text_format=text_format, speed=speed)
    asyncio.run(_say(settings, request, text, output))


async def _say(
    settings: Settings, request: UtteranceRequest, text: str, output: Path | None
) -> None:
    async with open_app(settings) as app:
        began = time.monotonic()
        pieces = piped_text() if text == "-" else _once(text)
        ordered, absent = _cast(app, settings, request)
        async with await app.speech.speak(ordered, pieces) as stream:
            first_ms = (time.monotonic() - began) * 1000
            if absent and (spoke := stream.source.partition("/")[2]):
                _tell(f"{absent} is not here, {spoke} speaks — {how_it_comes(absent)}")
            spoken_s = await _into(output, stream)
    where = f"{output}: " if output and output != PIPE else ""
    _tell(f"{where}{spoken_s:.1f} s of speech, the first sound after {first_ms:.0f} ms")


def _cast(
    app: App, settings: Settings, request: UtteranceRequest
) -> tuple[UtteranceRequest, str | None]:
    """What to order, and the voice that was wanted if another is to speak.

    Raises UnknownVoice for a voice that neither is here nor could be downloaded.
    """
    name = request.voice or ("" if request.language else settings.speech.default_voice)
    if not name or is_here(app, name):
        return request, None
    if request.voice and not can_come(app, name):
        raise unknown(app, settings, name)
    return replace(request, voice=None, language=request.language or language_in(name)), name


async def _into(output: Path | None, stream: AudioStream) -> float:
    """How many seconds were written. Raises BadRequest, and writes nothing, when there are none."""
    samples = 0
    async with AsyncExitStack() as stack:
        write: Write | None = None
        async for chunk in stream:
            if write is None:
                write = await stack.enter_async_context(_sink(output, stream.rate))
            samples += len(chunk)
            await write(chunk)
        if write is None:
            raise BadRequest("nothing to say: the text has no words — say something")
    return samples / stream.rate


def _sink(output: Path | None, rate: int) -> Sink:
    if output is None:
        return loudspeaker(rate)
    return pipe_sink(rate) if output == PIPE else file_sink(output, rate)


def _tell(line: str) -> None:
    typer.echo(line, err=True)  # standard output is for what is asked for


async def _once(text: str) -> AsyncIterator[str]:
    yield text
