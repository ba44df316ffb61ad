"""`doctor`: is everything as the server needs it, and if not, what to do."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from wyoming_voiceclone.commands import installed_voices, machine, network, speaking
from wyoming_voiceclone.commands.findings import Finding, Mark, failed, note
from wyoming_voiceclone.commands.options import (
    PATIENT,
    Config,
    DataDir,
    LogLevel,
    Port,
    Uris,
    VoicesDir,
    begin,
)
from wyoming_voiceclone.config import Settings, default_settings
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.logs import start_logging


def doctor(
    *,
    config: Config = None,
    port: Port = None,
    uri: Uris = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Check this machine and a running server; say what is wrong and what to do about it.

    Exits with 1 when something that the server needs does not work.
    """
    flags = {
        **PATIENT,
        "server": {"port": port, "uris": uri or None},
        "folders": {"data": data_dir, "voices": voices_dir},
    }
    settings, mistakes = _settings(config, flags, log_level)
    raise typer.Exit(asyncio.run(_doctor(settings, mistakes)))


def _settings(
    config: Path | None, flags: Mapping[str, Any], log_level: LogLevel
) -> tuple[Settings, Sequence[Finding]]:
    """Those in effect; where they cannot be used, what is wrong with them and the defaults."""
    try:
        return begin(config, flags, log_level, quiet=True), ()
    except ConfigError as error:
        start_logging(log_level or "warning", "text")
        instead = note("settings", "cannot be used", "what follows is at the defaults")
        return default_settings(flags), (*failed("settings", error), instead)


async def _doctor(settings: Settings, mistakes: Sequence[Finding]) -> int:
    """How many things are broken, at most 1."""
    console = Console(highlight=False, soft_wrap=True)
    ill = False
    async for finding in _findings(settings, mistakes):
        remedy = f" — {finding.remedy}" if finding.remedy else ""
        console.print(f"{finding.mark} {escape(f'{finding.thing}: {finding.fact}{remedy}')}")
        ill |= finding.mark is Mark.BROKEN
    return int(ill)


async def _findings(settings: Settings, mistakes: Sequence[Finding]) -> AsyncIterator[Finding]:
    for finding in mistakes:
        yield finding
    for look in machine.findings, installed_voices.findings:
        for finding in await asyncio.to_thread(look, settings):
            yield finding
    async for finding in speaking.findings(settings):
        yield finding
    async for finding in network.findings(settings):
        yield finding
