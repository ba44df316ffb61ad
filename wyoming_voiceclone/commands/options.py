"""What several commands take: the settings file, voices, logging."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wyoming_voiceclone.config import Settings, read_settings
from wyoming_voiceclone.logs import Format, Level, start_logging

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Settings, instead of the usual config.toml."
    ),
]
VoiceName = Annotated[
    str | None, typer.Option("--voice", metavar="NAME", help="The voice to speak with.")
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", metavar="FOLDER", help="Where downloaded voices lie.")
]
VoicesDir = Annotated[
    Path | None, typer.Option("--voices-dir", metavar="FOLDER", help="Where your own voices lie.")
]
LogLevel = Annotated[
    Level | None, typer.Option("--log-level", help="The least important message to log.")
]
LogJson = Annotated[bool, typer.Option("--log-json", help="Log one JSON object per line.")]

PATIENT = {
    "router": {"first_chunk_s": 300.0},
    "cloning": {"patience_s": 280.0},
    "engines": {"piper": {"load_patience_s": 60.0}},
}
"""At a terminal the right voice matters more than an early one."""


def begin(
    config: Path | None,
    flags: Mapping[str, Any],
    log_level: Level | None,
    *,
    log_json: bool = False,
    quiet: bool = False,
) -> Settings:
    """Read the settings and start the log; `quiet`: only warnings unless asked for more."""
    log = {"level": log_level, "format": "json" if log_json else None}
    settings = read_settings({**flags, "log": log}, config)
    style: Format = settings.log.format
    start_logging("warning" if quiet and log_level is None else settings.log.level, style)
    return settings
