"""`engines start`, `stop`, `status`, `logs`: the engines of the running server."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from wyoming_voiceclone.backends.engine import Engine, installed_engines
from wyoming_voiceclone.commands.engine_start import ANSWER_S, start_in_server
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.commands.printing import print_table
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.environments.installed import fault
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.hosting import folders_of
from wyoming_voiceclone.hosting.hosted import log_of
from wyoming_voiceclone.servers.control import Control, EngineStatus, NoServer, Request
from wyoming_voiceclone.workers.log_file import follow, last_lines

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `engines list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def add_to(group: typer.Typer) -> None:
    """Put the commands of this module into a group."""
    for command in (start, stop, status, logs):
        group.command(command.__name__)(command)


def start(
    name: Name, *, config: Config = None, data_dir: DataDir = None, log_level: LogLevel = None
) -> None:
    """Start an engine's process now, so that nobody waits for it later."""
    settings = _settings(config, data_dir, log_level)
    _own_process(name)
    one = _one(name, asyncio.run(start_in_server(name, settings)))
    typer.echo(f"{name} is {one.state} (process {one.pid})")


def stop(
    name: Name,
    *,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for its sentences.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """End an engine's process; it comes back with the next request, or with `engines start`.

    What it is saying is finished, for as long as [server] grace_s; then other engines go on.
    """
    settings = _settings(config, data_dir, log_level)
    _own_process(name)
    request = Request("stop", name, 0.0 if now else None)
    engines = _ask(settings, request, settings.server.grace_s + ANSWER_S)
    state = _one(name, engines).state
    again = "; the next request for it starts it again" if state == "stopped" else ""
    typer.echo(f"{name} is {state}{again}")


def status(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Left out: all of them.")
    ] = None,
    *,
    as_json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """How the engines of the running server are: who speaks, starts, rests, or failed and why."""
    settings = _settings(config, data_dir, log_level)
    note = ""
    try:
        engines = _ask(settings, Request("status"), ANSWER_S)
    except NoServer as error:
        engines, note = _without_server(settings), str(error)
    shown = [_one(name, engines)] if name else engines
    if as_json:
        rows = [asdict(one) for one in shown]
        told = {"server": not note, "engines": rows}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    _print(shown)
    if note:
        typer.echo(note, err=True)


def logs(
    name: Name,
    *,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many.")] = 50,
    following: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """What an engine's process has logged lately, whether the server runs or not."""
    settings = _settings(config, data_dir, log_level)
    path = log_of(_own_process(name), folders_of(settings))
    if following:
        for line in follow(path, lines):
            typer.echo(line)
    if not (found := last_lines(path, lines)):
        typer.echo(f"{name} has logged nothing yet: {path} is not there, or empty", err=True)
    for line in found:
        typer.echo(line)


def _settings(config: Config, data_dir: DataDir, log_level: LogLevel) -> Settings:
    return begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)


def _own_process(name: str) -> Engine:
    """Raises ConfigError for an engine that has no process of its own."""
    engines = installed_engines()
    if name not in engines:
        raise ConfigError(f"{name}: no engine is called that — have {', '.join(engines)}")
    if engines[name].environment is None:
        raise ConfigError(f"{name}: speaks inside the server — see the server's own log")
    return engines[name]


def _ask(settings: Settings, request: Request, within_s: float) -> list[EngineStatus]:
    return asyncio.run(Control(settings.folders.data).ask(request, within_s))


def _one(name: str, engines: list[EngineStatus]) -> EngineStatus:
    for one in engines:
        if one.name == name:
            return one
    have = ", ".join(one.name for one in engines)
    raise ConfigError(f"{name}: no engine is called that — have {have}")


def _without_server(settings: Settings) -> list[EngineStatus]:
    """What the files tell."""
    folders = folders_of(settings)
    found = []
    for name, engine in installed_engines().items():
        wrong = fault(engine, folders) if engine.environment else None
        state = "stopped" if wrong is None else "not installed"
        remedy = f"run `wyoming-voiceclone engines install {name}`"
        reason = f"{wrong} — {remedy}" if wrong else remedy if wrong is not None else ""
        found.append(EngineStatus(name, engine.declared.title, state, reason))
    return found


def _print(engines: list[EngineStatus]) -> None:
    columns = "engine", "state", "process", "memory", "up", "idle", "sentences", "crashes", "voices"
    table = Table(*columns, "own voices learnt", box=None, pad_edge=False)
    for one in engines:
        table.add_row(*_cells(one))
    print_table(table)
    for one in engines:
        if one.reason:
            typer.echo(f"{one.name}: {one.reason}")


def _cells(one: EngineStatus) -> Iterator[str]:
    hosted = one.pid is not None
    yield one.name
    yield "in the server" if one.state == "here" else one.state
    yield str(one.pid) if hosted else "-"
    yield f"{one.memory_mb:.0f} MB" if one.memory_mb is not None else "-"
    yield _duration(one.up_s)
    yield _duration(one.idle_s)
    yield str(one.sentences) if hosted or one.sentences else "-"
    yield str(one.crashes) if hosted or one.crashes else "-"
    yield str(one.voices or "-")
    yield "-" if one.learnt is None else str(one.learnt)


def _duration(seconds: float | None) -> str:
    """`42 s`, `7 min`, `3 h`."""
    if seconds is None:
        return "-"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"
