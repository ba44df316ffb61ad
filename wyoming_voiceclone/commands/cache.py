"""`cache`: what is kept on disk so that it is not computed again."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from wyoming_voiceclone.app import MEGABYTE, App, open_app
from wyoming_voiceclone.commands.asked_voice import can_come, how_it_comes, is_here, unknown
from wyoming_voiceclone.commands.options import (
    PATIENT,
    Config,
    DataDir,
    LogLevel,
    VoiceName,
    VoicesDir,
    begin,
)
from wyoming_voiceclone.commands.own_voices import preload
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import BackendError, ConfigError, UnknownVoice
from wyoming_voiceclone.synthesis.phrase_store import PhraseStore
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.voices.speaker_store import SpeakerStore

cli = typer.Typer(
    help="The phrases already spoken, and what was learnt about your own voices.",
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What one cache holds."""

    entries: int
    bytes: int
    limit_bytes: int
    folder: str


@dataclass(frozen=True, slots=True)
class Stats:
    phrases: Kept
    speakers: Kept
    seconds: dict[str, float]
    """What learning took, by voice."""


class What(StrEnum):
    PHRASES = "phrases"
    SPEAKERS = "speakers"
    ALL = "all"


@cli.command("stats")
def stats(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    config: Config = None,
    log_level: LogLevel = None,
) -> None:
    """What is kept, how much room it takes, and how long learning your own voices took."""
    counted = _count(begin(config, {}, log_level, quiet=True))
    if as_json:
        typer.echo(json.dumps(asdict(counted), ensure_ascii=False, indent=1))
        return
    typer.echo(f"{counted.phrases.entries} phrases, {_room(counted.phrases)}")
    typer.echo(f"{counted.speakers.entries} speaker states, {_room(counted.speakers)}")
    for voice, seconds in sorted(counted.seconds.items()):
        typer.echo(f"  {voice}: learnt in {seconds:.1f} s")


@cli.command("preload")
def preload_(
    *,
    config: Config = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Let every engine that clones learn every voice of your own now."""
    preload(_settings(config, data_dir, voices_dir, log_level), [])


@cli.command("warm")
def warm(
    file: Annotated[
        typer.FileText,
        typer.Argument(help="One phrase per line, # begins a comment; - reads standard input."),
    ],
    *,
    voice: VoiceName = None,
    config: Config = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Speak every line of a file once, so that it is answered at once from then on.

    [dim]echo "The door is open." | wyoming-voiceclone cache warm -[/]
    """
    settings = _settings(config, data_dir, voices_dir, log_level)
    lines = map(str.strip, file)
    phrases = [line for line in lines if line and not line.startswith("#")]
    failed = asyncio.run(_warm(settings, phrases, voice))
    typer.echo(f"{len(phrases) - len(failed)} of {len(phrases)} phrases spoken and kept")
    if failed:
        raise BackendError("\n".join(failed))


@cli.command("clear")
def clear(
    what: Annotated[What, typer.Argument(help="Only these.")] = What.ALL,
    *,
    config: Config = None,
    log_level: LogLevel = None,
) -> None:
    """Forget every phrase, and what was learnt about your own voices."""
    settings = begin(config, {}, log_level, quiet=True)
    try:
        if what is not What.SPEAKERS:
            _clear(_phrases(settings), "phrases")
        if what is not What.PHRASES:
            _clear(_speakers(settings), "speaker states")
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror} — see who owns it") from error


def _settings(
    config: Path | None,
    data_dir: Path | None,
    voices_dir: Path | None,
    log_level: LogLevel,
) -> Settings:
    flags = {**PATIENT, "folders": {"data": data_dir, "voices": voices_dir}}
    return begin(config, flags, log_level, quiet=True)


def _count(settings: Settings) -> Stats:
    phrases, speakers = _phrases(settings).count(), _speakers(settings)
    folders, seconds = settings.folders, defaultdict[str, float](float)
    for kept in speakers.kept():
        seconds[kept.origin.voice] += kept.origin.seconds
    limits = settings.phrases.limit_mb * MEGABYTE, settings.cloning.limit_mb * MEGABYTE
    return Stats(
        Kept(*phrases, limits[0], str(folders.phrases)),
        Kept(*speakers.count(), limits[1], str(folders.speakers)),
        dict(seconds),
    )


def _room(kept: Kept) -> str:
    limit_mb = kept.limit_bytes // MEGABYTE
    return f"{kept.bytes / MEGABYTE:.1f} of {limit_mb} MB in {kept.folder}"


def _clear(store: PhraseStore | SpeakerStore, things: str) -> None:
    entries, _ = store.count()
    store.clear()
    typer.echo(f"{entries} {things} forgotten")


def _phrases(settings: Settings) -> PhraseStore:
    return PhraseStore(settings.folders.phrases, settings.phrases.limit_mb * MEGABYTE)


def _speakers(settings: Settings) -> SpeakerStore:
    return SpeakerStore(settings.folders.speakers, settings.cloning.limit_mb * MEGABYTE)


async def _warm(settings: Settings, phrases: list[str], voice: str | None) -> list[str]:
    """What went wrong, one line per phrase."""
    failed: list[str] = []
    async with open_app(settings) as app:
        if voice and not is_here(app, voice):
            raise _not_here(app, settings, voice)
        bar = Console(stderr=True)
        # a bar that is not shown still leaves an empty line
        for phrase in track(
            phrases, "speaking", console=bar, transient=True, disable=not bar.is_terminal
        ):
            try:
                async with await app.speech.speak(UtteranceRequest(voice), _once(phrase)) as stream:
                    async for _ in stream:
                        pass
            except BackendError as error:
                failed.append(f"{phrase}: {error}")
            await app.phrases.settled()
    return failed


def _not_here(app: App, settings: Settings, voice: str) -> UnknownVoice:
    if can_come(app, voice):
        return UnknownVoice(f"{voice}: no such voice here — {how_it_comes(voice)}")
    return unknown(app, settings, voice)


async def _once(text: str) -> AsyncIterator[str]:
    yield text
