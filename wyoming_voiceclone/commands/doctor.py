"""`doctor`: is everything as the server needs it, and if not, what to do."""

import asyncio
from collections.abc import AsyncIterator

import typer
from rich.console import Console
from rich.markup import escape

from wyoming_voiceclone.commands import machine, network, speaking
from wyoming_voiceclone.commands.findings import Finding, Mark
from wyoming_voiceclone.commands.options import PATIENT, Config, LogLevel, begin
from wyoming_voiceclone.config import Settings


def doctor(*, config: Config = None, log_level: LogLevel = None) -> None:
    """Check this machine and a running server; say what is wrong and what to do about it.

    Exits with 1 when something that the server needs does not work.
    """
    settings = begin(config, PATIENT, log_level, quiet=True)
    raise typer.Exit(asyncio.run(_doctor(settings)))


async def _doctor(settings: Settings) -> int:
    """How many things are broken, at most 1."""
    console = Console(highlight=False, soft_wrap=True)
    ill = False
    async for finding in _findings(settings):
        remedy = f" — {finding.remedy}" if finding.remedy else ""
        console.print(f"{finding.mark} {escape(f'{finding.thing}: {finding.fact}{remedy}')}")
        ill |= finding.mark is Mark.BROKEN
    return int(ill)


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for finding in await asyncio.to_thread(machine.findings, settings):
        yield finding
    async for finding in speaking.findings(settings):
        yield finding
    async for finding in network.findings(settings):
        yield finding
