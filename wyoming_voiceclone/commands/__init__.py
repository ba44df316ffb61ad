"""The command line: one module per command or group of commands."""

from typing import Annotated

import typer

from wyoming_voiceclone import __version__
from wyoming_voiceclone.commands import engine_control
from wyoming_voiceclone.commands.box_wake import wake
from wyoming_voiceclone.commands.boxes import boxes
from wyoming_voiceclone.commands.cache import cli as cache
from wyoming_voiceclone.commands.config import config
from wyoming_voiceclone.commands.doctor import doctor
from wyoming_voiceclone.commands.engines import engines
from wyoming_voiceclone.commands.gpu import gpu
from wyoming_voiceclone.commands.say import SayCommand, say
from wyoming_voiceclone.commands.serve import serve
from wyoming_voiceclone.commands.voices import cli as voices

cli = typer.Typer(
    name="wyoming-voiceclone",
    help="A Wyoming text-to-speech server for Home Assistant that begins to speak at once.",
    epilog="Start with: [bold]wyoming-voiceclone serve[/]   Something wrong? "
    "[bold]wyoming-voiceclone doctor[/]",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wyoming-voiceclone {__version__}")
        raise typer.Exit


@cli.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    pass


cli.command("serve")(serve)
cli.command("say", cls=SayCommand)(say)
cli.add_typer(voices, name="voices")
cli.add_typer(cache, name="cache")
engine_control.add_to(engines)
cli.add_typer(engines, name="engines")
boxes.command("wake")(wake)
cli.add_typer(boxes, name="boxes")
cli.add_typer(gpu, name="gpu")
cli.command("config")(config)
cli.command("doctor")(doctor)
