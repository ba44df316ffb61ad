"""`config`: the settings there are, and those in effect."""

from typing import Annotated

import typer

from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.commands.options import Config
from wyoming_voiceclone.config import config_toml, read_settings, settings_type


def config(
    *,
    file: Config = None,
    mine: Annotated[
        bool, typer.Option("--mine", help="The settings in effect, from file and environment.")
    ] = False,
) -> None:
    """Print every setting, explained and at its default, as a config.toml.

    [dim]wyoming-voiceclone config > ~/.config/wyoming-voiceclone/config.toml[/]
    """
    if mine:
        typer.echo(config_toml(read_settings(file=file), commented=False), nl=False)
    else:
        typer.echo(config_toml(settings_type(installed_engines())()), nl=False)
