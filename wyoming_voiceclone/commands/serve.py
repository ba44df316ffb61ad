"""`serve`: the server, until Ctrl-C or SIGTERM."""

import asyncio
import logging
from typing import Annotated, Literal

import typer

from wyoming_voiceclone.app import open_app, open_server
from wyoming_voiceclone.commands.options import (
    Config,
    DataDir,
    LogJson,
    LogLevel,
    Port,
    Uris,
    VoiceName,
    VoicesDir,
    begin,
)
from wyoming_voiceclone.commands.stop import Stop
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.servers.wyoming import WyomingServer

_LOGGER = logging.getLogger(__name__)

Role = Literal["home", "box", "both"]


def serve(  # noqa: PLR0913 -- one per flag
    *,
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Port = None,
    uri: Uris = None,
    voice: VoiceName = None,
    data_dir: DataDir = None,
    voices_dir: VoicesDir = None,
    role: Annotated[
        Role | None, typer.Option(help="A box lends its engines to homes paired with it.")
    ] = None,
    no_discovery: Annotated[
        bool, typer.Option("--no-discovery", help="Do not announce the server on the LAN.")
    ] = False,
    log_level: LogLevel = None,
    log_json: LogJson = False,
) -> None:
    """Start the server. Home Assistant finds it by itself.

    [dim]wyoming-voiceclone serve --voice de_DE-thorsten-medium[/]

    [dim]wyoming-voiceclone serve --role box[/]

    [dim]wyoming-voiceclone serve --uri unix:///run/voice.sock --no-discovery[/]
    """
    flags = {
        "server": {"role": role, "host": host, "port": port, "uris": uri or None},
        "speech": {"default_voice": voice},
        "folders": {"data": data_dir, "voices": voices_dir},
        "discovery": {"enabled": False if no_discovery else None},
    }
    settings = begin(config, flags, log_level, log_json=log_json)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    with Stop() as stop:
        async with open_app(settings) as app, open_server(app, settings) as server:
            await stop.asked.wait()
            await _finish(server, settings.server.grace_s, stop)


async def _finish(server: WyomingServer, grace_s: float, stop: Stop) -> None:
    """Let utterances end, for as long as nobody signals again."""
    _LOGGER.info("stopping: utterances have %.0f s to end; signal again to stop at once", grace_s)
    finishing = asyncio.create_task(server.aclose(grace_s))
    hurrying = asyncio.create_task(stop.hurried.wait())
    await asyncio.wait({finishing, hurrying}, return_when=asyncio.FIRST_COMPLETED)
    finishing.cancel()
    hurrying.cancel()
    await asyncio.wait({finishing, hurrying})
