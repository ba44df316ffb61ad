"""`cache`: the phrases kept on disk."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from wyoming_voiceclone.app import MEGABYTE, open_app
from wyoming_voiceclone.commands.options import PATIENT, Config, LogLevel, VoiceName, begin
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import BackendError, ConfigError
from wyoming_voiceclone.synthesis.phrase_store import PhraseStore
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest

cli = typer.Typer(help="The phrases kept on disk.", no_args_is_help=True)


@cli.command("stats")
def stats(*, config: Config = None, log_level: LogLevel = None) -> None:
    """How many phrases are kept, and how much room they take."""
    settings = begin(config, {}, log_level, quiet=True)
    kept, limit_mb = _store(settings).count(), settings.phrases.limit_mb
    room = f"{kept.bytes / MEGABYTE:.1f} of {limit_mb} MB"
    typer.echo(f"{kept.entries} phrases, {room} in {settings.folders.phrases}")


@cli.command("warm")
def warm(
    file: Annotated[
        typer.FileText, typer.Argument(help="One phrase per line; - reads standard input.")
    ],
    *,
    voice: VoiceName = None,
    config: Config = None,
    log_level: LogLevel = None,
) -> None:
    """Speak every line of a file once, so that it is answered at once from then on.

    [dim]echo "The door is open." | wyoming-voiceclone cache warm -[/]
    """
    settings = begin(config, PATIENT, log_level, quiet=True)
    phrases = [line.strip() for line in file if line.strip()]
    failed = asyncio.run(_warm(settings, phrases, voice))
    typer.echo(f"{len(phrases) - len(failed)} of {len(phrases)} phrases spoken and kept")
    if failed:
        raise BackendError("\n".join(failed))


@cli.command("clear")
def clear(*, config: Config = None, log_level: LogLevel = None) -> None:
    """Forget every phrase."""
    settings = begin(config, {}, log_level, quiet=True)
    try:
        _store(settings).clear()
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror} — see who owns it") from error


def _store(settings: Settings) -> PhraseStore:
    return PhraseStore(settings.folders.phrases, settings.phrases.limit_mb * MEGABYTE)


async def _warm(settings: Settings, phrases: list[str], voice: str | None) -> list[str]:
    """What went wrong, one line per phrase."""
    failed: list[str] = []
    async with open_app(settings) as app:
        for phrase in track(phrases, "speaking", console=Console(stderr=True), transient=True):
            try:
                async with await app.speech.speak(UtteranceRequest(voice), _once(phrase)) as stream:
                    async for _ in stream:
                        pass
            except BackendError as error:
                failed.append(f"{phrase}: {error}")
            await app.phrases.settled()
    return failed


async def _once(text: str) -> AsyncIterator[str]:
    yield text
