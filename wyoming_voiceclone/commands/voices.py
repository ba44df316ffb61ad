"""`voices`: what can be chosen from, one's own voices, and Piper's catalogue."""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from wyoming_voiceclone.app import MEGABYTE, open_app
from wyoming_voiceclone.backends.piper import PiperSettings
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, VoicesDir, begin
from wyoming_voiceclone.commands.own_voices import add, remove_own, rename, show, warm
from wyoming_voiceclone.commands.printing import print_table
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.hosting import folders_of
from wyoming_voiceclone.synthesis.learning import missing
from wyoming_voiceclone.voices import Voice

if TYPE_CHECKING:  # it brings the hub's client in: only for those who want it
    from wyoming_voiceclone.backends.piper.downloads import ListedVoice

cli = typer.Typer(
    help="Your own voices, the others here, and those that can be downloaded.",
    no_args_is_help=True,
)
cli.command("add")(add)
cli.command("show")(show)
cli.command("rename")(rename)
cli.command("warm")(warm)

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="As `voices list` shows them.")]


@dataclass(frozen=True, slots=True)
class Row:
    """One voice, for the list."""

    name: str
    language: str
    description: str
    here: bool
    download_mb: float | None = None
    """What it takes to have it here."""


@cli.command("list")
def list_(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORD...]", help="Only voices with all of them: de, high, thorsten"
        ),
    ] = None,
    *,
    here: Annotated[bool, typer.Option("--here", help="Only what needs no download.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """The voices on this machine, and those that `voices download` can bring.

    [dim]wyoming-voiceclone voices list german[/]
    """
    flags = {"folders": {"data": data_dir, "voices": voices_dir}}
    settings = begin(config, flags, log_level, quiet=True, voices_told=True)
    rows = [row for row in _rows(settings) if _has(row, words or []) and (row.here or not here)]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
    else:
        _print(rows)
        for line in _told(settings, words or [], rows):
            typer.echo(line, err=True)


@cli.command("download")
def download(
    names: Names,
    *,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Download voices from Piper's catalogue; goes on where an interrupted download stopped."""
    from wyoming_voiceclone.backends.piper.downloads import download_voice  # noqa: PLC0415

    settings = _settings(config, data_dir, None, log_level)
    for name in names:
        voice = download_voice(name, _piper(settings), folders_of(settings))
        typer.echo(f"{voice.name} is in {voice.model.parent}")


@cli.command("remove")
def remove(
    names: Names,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Remove voices of your own, with all that was learnt from them, and downloaded ones."""
    from wyoming_voiceclone.backends.piper.downloads import remove_voice  # noqa: PLC0415

    settings = _settings(config, data_dir, voices_dir, log_level)
    for name in names:
        own = remove_own(settings, name, yes=yes, ask=sys.stdin.isatty())
        typer.echo(f"removed {own or remove_voice(name, folders_of(settings))}")


def _settings(
    config: Path | None, data_dir: Path | None, voices_dir: Path | None, log_level: LogLevel
) -> Settings:
    flags = {"folders": {"data": data_dir, "voices": voices_dir}}
    return begin(config, flags, log_level, quiet=True)


def _piper(settings: Settings) -> PiperSettings:
    piper = settings.engine("piper")
    if not isinstance(piper, PiperSettings):
        raise ConfigError("another engine is called piper — uninstall its package")
    return piper


def _rows(settings: Settings) -> list[Row]:
    """People's own, Piper's that are here, the other engines', what can be downloaded."""
    from wyoming_voiceclone.backends.piper.downloads import list_voices  # noqa: PLC0415

    piper = [_piper_row(voice) for voice in list_voices(_piper(settings), folders_of(settings))]
    piper.sort(key=lambda row: (row.language, row.name))
    known = {row.name for row in piper}
    own, offered = asyncio.run(_offered(settings))
    others = [_other_row(voice) for voice in offered if not voice.cloned]
    others = [row for row in others if row.name.partition("#")[0] not in known]
    others.sort(key=lambda row: (row.language, row.name))
    return [*own, *sorted([*piper, *others], key=lambda row: not row.here)]  # stable


async def _offered(settings: Settings) -> tuple[list[Row], Iterable[Voice]]:
    """People's own, one line each, and every voice that can be chosen."""
    async with open_app(settings) as app:
        languages: dict[str, list[str]] = {}
        for part in app.cloning.parts.values():
            if not part.engines:
                continue
            languages.setdefault(part.person.name, []).append(part.voice.languages[0])
        rows = [_own_row(name, tags) for name, tags in languages.items()]
        notes = [note.partition(": ") for note in missing(app.cloning)]
        rows += [Row(name, "-", why, here=True) for name, _, why in notes]
        return rows, app.speech.voices()


def _own_row(name: str, languages: list[str]) -> Row:
    main, *others = languages
    also = f", also in {', '.join(others[:5])}{' …' if others[5:] else ''}" if others else ""
    return Row(name, main, f"your own{also}", here=True)


def _piper_row(voice: "ListedVoice") -> Row:
    speakers = f", {voice.speakers} speakers" if voice.speakers > 1 else ""
    description = f"{voice.language_name or voice.language}, {voice.quality}{speakers}"
    size = None if voice.path or voice.size is None else round(voice.size / MEGABYTE, 1)
    return Row(voice.name, voice.language, description, voice.path is not None, size)


def _other_row(voice: Voice) -> Row:
    return Row(voice.name, voice.languages[0], voice.description, here=True)


def _has(row: Row, words: Iterable[str]) -> bool:
    text = f"{row.name} {row.language} {row.description}".casefold()
    return all(word.casefold() in text for word in words)


def _told(settings: Settings, words: list[str], rows: list[Row]) -> Iterator[str]:
    """Why there are no rows, or only some."""
    from wyoming_voiceclone.backends.piper.catalogue import load_catalogue  # noqa: PLC0415
    from wyoming_voiceclone.backends.piper.downloads import catalogue_path  # noqa: PLC0415

    if not rows:
        wanted = f" with {' and '.join(words)}" if words else ""
        yield f"no voice{wanted} is known here"
    piper = _piper(settings)
    if piper.enabled and load_catalogue(catalogue_path(folders_of(settings))) is None:
        yield "the catalogue of voices to download is not here — try again with a network"


def _print(rows: list[Row]) -> None:
    if not rows:
        return
    table = Table("voice", "language", "", "download", box=None, pad_edge=False)
    for row in rows:
        size = "" if row.download_mb is None else f"{row.download_mb:.0f} MB"
        table.add_row(
            row.name, row.language, row.description, size, style="" if row.here else "dim"
        )
    print_table(table)
