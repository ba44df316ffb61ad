"""`engines`: who can speak here, who could, and what that takes."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.table import Table

from wyoming_voiceclone.backends.engine import Engine, Folders, installed_engines
from wyoming_voiceclone.commands.engine_install import install
from wyoming_voiceclone.commands.engine_removal import remove
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.commands.printing import print_table
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.environments.installed import home_of
from wyoming_voiceclone.environments.licences import terms_of
from wyoming_voiceclone.environments.removal import leftovers
from wyoming_voiceclone.environments.standing import standing
from wyoming_voiceclone.hosting import folders_of

engines = typer.Typer(
    help="Who can speak here: installing and removing engines, and the processes they run in.",
    no_args_is_help=True,
)
engines.command("install")(install)
engines.command("remove")(remove)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What an engine wants to hear of a person to speak as them."""

    least_s: float
    most_s: float
    transcript: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything about one engine that is known without running it."""

    name: str
    title: str
    about: str
    state: str
    why: str
    remedy: str
    enabled: bool
    languages: tuple[str, ...]
    rate: int
    streams: bool
    clones: bool
    reference: Hearing | None
    licence: str
    """Of its code; with those of its weights, in full, in `terms`."""
    weights_licences: tuple[str, ...]
    terms: tuple[str, ...]
    memory_mb: int
    disk_mb: int
    device: str
    torch: str
    folder: str


@engines.command("list")
def list_(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Every engine: whether it is installed, what it can do, what it takes, under which licence."""
    settings = begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)
    known, folders = installed_engines(), folders_of(settings)
    entries = [_entry(engine, settings, folders) for engine in known.values()]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in entries], ensure_ascii=False, indent=1))
        return
    _print(entries)
    for line in _told(entries, known, folders):
        typer.echo(line, err=True)


def _entry(engine: Engine, settings: Settings, folders: Folders) -> Entry:
    declared, own = engine.declared, settings.engine(engine.name)
    stands, heard = standing(engine, own, folders), engine.declared.reference
    weights = engine.weights(own)
    return Entry(
        name=engine.name,
        title=declared.title,
        about=declared.about,
        state=stands.state,
        why=stands.why,
        remedy=stands.remedy,
        enabled=own.enabled,
        languages=declared.languages,
        rate=declared.rate,
        streams=declared.streams,
        clones=declared.clones,
        reference=Hearing(heard.least_s, heard.most_s, heard.transcript) if heard else None,
        licence=declared.licence.name,
        weights_licences=tuple(dict.fromkeys(one.licence.name for one in weights)),
        terms=tuple(dict.fromkeys(map(str, terms_of(engine, weights)))),
        memory_mb=declared.memory_mb,
        disk_mb=round(stands.disk_bytes / 1e6),
        device=declared.device,
        torch=stands.torch,
        folder=str(home_of(engine, folders)) if engine.environment else "",
    )


def _told(entries: list[Entry], known: dict[str, Engine], folders: Folders) -> Iterator[str]:
    """What is wrong, and what is left of engines that this version does not know."""
    for entry in entries:
        if entry.why:
            yield f"{entry.name}: {entry.why} — {entry.remedy}"
    for name in leftovers(folders):
        if name not in known:
            gone = "is installed, and no engine of this program is called that"
            yield f"{name}: {gone} — wyoming-voiceclone engines remove {name}"


def _print(entries: list[Entry]) -> None:
    columns = "engine", "", "languages", "clones from", "memory", "disk", "runs on", "licence"
    table = Table(*columns, box=None, pad_edge=False)
    for entry in entries:
        table.add_row(*_cells(entry), style="" if entry.state in {"ready", "built in"} else "dim")
    print_table(table)


def _cells(entry: Entry) -> Iterator[str]:
    languages, heard = entry.languages, entry.reference
    yield entry.name
    yield entry.state if entry.enabled else f"{entry.state}, disabled"
    yield " ".join(languages[:6]) + (f" and {len(languages) - 6} more" if languages[6:] else "")
    yield f"{heard.least_s:g}–{heard.most_s:g} s" if heard else "-"
    yield f"{entry.memory_mb} MB" if entry.memory_mb else "-"
    yield f"{entry.disk_mb} MB" if entry.disk_mb else "-"
    yield {"either": "CPU or GPU"}.get(entry.device, entry.device.upper())
    yield ", ".join(dict.fromkeys([entry.licence, *entry.weights_licences]))
