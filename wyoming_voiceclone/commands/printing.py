"""Tables, for a terminal and for a pipe."""

import sys

import typer
from rich.console import Console
from rich.table import Table

_PIPE_COLUMNS = 200
"""A pipe has no width: nothing is to be cut off there, nor filled up."""


def print_table(table: Table) -> None:
    """To standard output."""
    if sys.stdout.isatty():
        _console().print(table)
        return
    console = _console(_PIPE_COLUMNS)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def _console(width: int | None = None) -> Console:
    """What is written in brackets is that, and no order: messages name settings so."""
    return Console(width=width, highlight=False, markup=False, emoji=False)
