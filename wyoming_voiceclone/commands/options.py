"""What several commands take: the settings file, voices, logging."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wyoming_voiceclone.config import Settings, read_settings
from wyoming_voiceclone.logs import OWN, Format, Level, start_logging

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
Port = Annotated[int | None, typer.Option(help="The TCP port.", min=0, max=65535)]
Uris = Annotated[
    list[str] | None,
    typer.Option(
        "--uri",
        metavar="URI",
        help="tcp://HOST:PORT or unix:///PATH, instead of host and port; may be repeated.",
    ),
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


_ABOUT_VOICES = f"{OWN}.voices.library", f"{OWN}.backends.piper.voice_files"
"""The logs that tell which voices are left out."""


def begin(
    config: Path | None,
    flags: Mapping[str, Any],
    log_level: Level | None,
    *,
    log_json: bool = False,
    quiet: bool = False,
    voices_told: bool = False,
) -> Settings:
    """Read the settings and start the log.

    `quiet`: only warnings unless asked for more, and about voices that are broken only where
    `voices_told`: they have nothing to do with most commands.
    """
    log = {"level": log_level, "format": "json" if log_json else None}
    settings = read_settings({**flags, "log": log}, config)
    style: Format = settings.log.format
    hushed = quiet and log_level is None
    start_logging("warning" if hushed else settings.log.level, style)
    for name in _ABOUT_VOICES if hushed and not voices_told else ():
        logging.getLogger(name).setLevel(logging.ERROR)
    return settings
