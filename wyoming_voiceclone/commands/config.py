"""`config`: the settings there are, and those in effect."""

from pathlib import Path
from typing import Annotated

import typer

from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.commands.options import Config
from wyoming_voiceclone.config import config_toml, read_settings, settings_type, user_config_file
from wyoming_voiceclone.errors import ConfigError


def config(
    *,
    file: Config = None,
    mine: Annotated[
        bool, typer.Option("--mine", help="The settings in effect, from file and environment.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Into your own config.toml, unless there is one.")
    ] = False,
) -> None:
    """Print every setting, explained and at its default, as a config.toml.

    [dim]wyoming-voiceclone config --write[/]
    """
    if mine:
        text = config_toml(read_settings(file=file), commented=False)
    else:
        text = config_toml(settings_type(installed_engines())())
    if write:
        path = (file or user_config_file()).expanduser()
        _write_new(path, text)
        typer.echo(f"every setting is in {path}")
    else:
        typer.echo(text, nl=False)


def _write_new(path: Path, text: str) -> None:
    """Raises ConfigError where something is there already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:  # a replacement could hit another's file
            file.write(text)
    except FileExistsError as error:
        fact = f"{error.filename}: is there already"
        raise ConfigError(f"{fact} — edit it, or write another with --config") from error
    except OSError as error:
        fact = f"cannot be written ({error.strerror})"
        raise ConfigError(f"{path}: {fact} — choose another place with --config") from error
