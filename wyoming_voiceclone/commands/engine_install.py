"""`engines install`: licences, weights, libraries, and a first start."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from wyoming_voiceclone.backends.declaration import Weights
from wyoming_voiceclone.backends.engine import Engine, installed_engines
from wyoming_voiceclone.commands.engine_start import start_anywhere
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.commands.transfer import Transfer
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.environments.install import Wishes, install_environment
from wyoming_voiceclone.environments.installed import home_of
from wyoming_voiceclone.environments.licences import Term, agree, read_agreements, terms_of
from wyoming_voiceclone.environments.standing import State, standing
from wyoming_voiceclone.environments.torch_builds import is_choice
from wyoming_voiceclone.environments.wanted_weights import missing_weights, note_weights
from wyoming_voiceclone.errors import BackendUnavailable, ConfigError, InstallError
from wyoming_voiceclone.hosting import folders_of
from wyoming_voiceclone.logs import OWN

_MEGABYTE = 1_000_000


def install(  # noqa: PLR0913 -- one per flag
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="As `engines list` shows them.")
    ],
    *,
    torch: Annotated[
        str, typer.Option(help="The build of torch: auto, cpu, cuda, or by name, as cu130.")
    ] = "auto",
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to the licences that ask for it.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Make the environment anew even if it seems whole.")
    ] = False,
    check: Annotated[
        bool, typer.Option(help="Start it once to see that it works, and what it offers.")
    ] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask about sizes.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Install engines, or repair them; goes on where an interrupted installation stopped.

    [dim]wyoming-voiceclone engines install pocket[/]
    """
    if not is_choice(torch):
        raise ConfigError(f"--torch {torch}: no such build — auto, cpu, cuda, or one as cu130")
    settings = begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)
    if log_level is None:  # what a worker cannot do is told once, as the error
        logging.getLogger(f"{OWN}.worker").setLevel(logging.ERROR)
    known = installed_engines()
    engines = [_known(name, known) for name in dict.fromkeys(names)]
    for engine in engines:
        _agree_to_licences(engine, settings, accepted=accept_licence)
    wishes = Wishes(_say, _warn, partial(_agrees, yes=yes), torch, anew)
    for engine in engines:
        asyncio.run(_install(engine, settings, wishes, check=check))
        typer.echo(_done(engine, settings))


def _known(name: str, known: dict[str, Engine]) -> Engine:
    if name not in known:
        raise ConfigError(f"{name}: no engine is called that — have {', '.join(known)}")
    return known[name]


def _agree_to_licences(engine: Engine, settings: Settings, *, accepted: bool) -> None:
    """Show all of them, and have those agreed to that ask for it. Raises InstallError."""
    folders = folders_of(settings)
    terms = terms_of(engine, engine.weights(settings.engine(engine.name)))
    for line in dict.fromkeys(map(str, terms)):
        _say(f"licence of {line}")
    lacking = read_agreements(folders).lacking(terms)
    if not lacking:
        return
    if not accepted:
        _ask(engine, lacking)
    agree(lacking, folders)


def _ask(engine: Engine, lacking: Sequence[Term]) -> None:
    what = ", ".join(dict.fromkeys(term.licence.name for term in lacking))
    if not sys.stdin.isatty():
        again = f"read it, then: wyoming-voiceclone engines install {engine.name} --accept-licence"
        raise InstallError(f"{engine.name}: {what} has to be agreed to — {again}")
    if not typer.confirm(f"Do you agree to {what}?", err=True):
        raise InstallError(f"{engine.name}: {what} was not agreed to — nothing was installed")


async def _install(engine: Engine, settings: Settings, wishes: Wishes, *, check: bool) -> None:
    """The weights first: whether they are to be had shows at once."""
    folders, own = folders_of(settings), settings.engine(engine.name)
    missing = await asyncio.to_thread(missing_weights, engine, own, folders)
    home = await asyncio.to_thread(home_of, engine, folders)
    await asyncio.to_thread(note_weights, home, engine.weights(own))
    for weights in missing:
        await _fetch(weights, settings)
    await install_environment(engine, folders, wishes)
    if check and engine.environment:
        _say(f"{engine.name}: starting it once")
        await _check(engine, settings)


async def _fetch(weights: Weights, settings: Settings) -> None:
    from wyoming_voiceclone.environments.weights import fetch_weights  # noqa: PLC0415 -- the hub's

    with Transfer(weights.repository) as transfer:
        await fetch_weights(weights, folders_of(settings), progress=transfer.progress)


async def _check(engine: Engine, settings: Settings) -> None:
    """Raises InstallError."""
    try:
        await start_anywhere(engine, settings)
    except BackendUnavailable as error:
        again = f"wyoming-voiceclone engines install {engine.name} --anew"
        raise InstallError(
            f"{engine.name}: is installed, but not well: {error} — {again}"
        ) from None


def _done(engine: Engine, settings: Settings) -> str:
    folders = folders_of(settings)
    stands = standing(engine, settings.engine(engine.name), folders)
    if stands.state is State.BUILT_IN:
        return f"{engine.name} is part of this program: nothing has to be installed"
    place = home_of(engine, folders)
    return f"{engine.name} is installed: {stands.disk_bytes / _MEGABYTE:.0f} MB in {place}"


def _agrees(question: str, *, yes: bool) -> bool:
    """At a terminal a person decides; elsewhere whoever started it has."""
    if yes or not sys.stdin.isatty():
        _warn(question.partition(". ")[0])
        return True
    return typer.confirm(question, err=True)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _warn(line: str) -> None:
    typer.secho(f"warning: {line}", err=True, fg=typer.colors.YELLOW)
