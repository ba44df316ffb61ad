"""How far a download is: a bar in a terminal, a line for each tenth elsewhere."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

_STEPS = 10
_SMALL_BYTES = 1_000_000
"""What is smaller is only told when it is there."""


class Transfer:
    """For one thing that is downloaded."""

    def __init__(self, thing: str) -> None:
        console = Console(stderr=True)
        self._thing, self._told = thing, 0
        self._drawn = console.is_terminal
        columns = BarColumn(), DownloadColumn(), TimeRemainingColumn()
        self._bar = Progress("{task.description}", *columns, console=console)
        self._task = self._bar.add_task(thing, total=None)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._drawn:
            self._stack.enter_context(self._bar)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def progress(self, there: int, of: int) -> None:
        """`there` bytes have come, `of` so many."""
        if self._drawn:
            self._bar.update(self._task, completed=there, total=of)
            return
        steps = _STEPS if of >= _SMALL_BYTES else 1
        step = there * steps // of if of else steps
        if step > self._told:
            self._told = step
            unit, size = ("kB", 1e3) if of < _SMALL_BYTES else ("MB", 1e6)
            typer.echo(f"{self._thing}: {there / size:.0f} of {of / size:.0f} {unit}", err=True)
