"""`engines remove`: an engine, with everything that was installed for it."""

import asyncio
import sys
from typing import Annotated

import typer

from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.environments.installed import engines_folder
from wyoming_voiceclone.environments.removal import is_here, remove_engine
from wyoming_voiceclone.environments.room import disk_errors
from wyoming_voiceclone.errors import InstallError
from wyoming_voiceclone.hosting import folders_of
from wyoming_voiceclone.workers.manifest import forget_offer


def remove(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="As `engines list` shows them.")
    ],
    *,
    keep_weights: Annotated[
        bool, typer.Option("--keep-weights", help="Leave the weights for another time.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Remove engines: their libraries, logs, and the weights that no other one needs."""
    settings = begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)
    folders = folders_of(settings)
    for name in dict.fromkeys(names):
        if not is_here(name, folders):
            raise InstallError(f"{name}: is not installed — see `wyoming-voiceclone engines list`")
        place = engines_folder(folders) / name
        if sys.stdin.isatty() and not yes and not typer.confirm(f"Remove {place}?", err=True):
            raise InstallError(f"{name}: is still there — nothing was removed")
        freed = asyncio.run(remove_engine(name, folders, _say, keep_weights=keep_weights))
        with disk_errors(folders.cache):
            forget_offer(name, folders)
        typer.echo(f"{name} is removed: {freed / 1e6:.0f} MB freed")


def _say(line: str) -> None:
    typer.echo(line, err=True)
