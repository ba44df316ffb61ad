"""Starting an engine: in the running server, or once by itself to see that it works."""

import asyncio

from wyoming_voiceclone.backends.engine import Engine
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.environments.installed import interpreter
from wyoming_voiceclone.errors import BadRequest, ConfigError, ProtocolError
from wyoming_voiceclone.hosting import folders_of
from wyoming_voiceclone.hosting.hosted import log_of
from wyoming_voiceclone.servers.control import Control, EngineStatus, Request
from wyoming_voiceclone.workers import WorkerLimits, in_worker

ANSWER_S = 30.0
"""Beyond what the work itself may take."""


async def start_in_server(name: str, settings: Settings) -> list[EngineStatus]:
    """How all engines are once it is there. Raises what `Control.ask` raises."""
    within_s = 2 * settings.worker(name).startup_s + ANSWER_S  # for its libraries, and its model
    return await Control(settings.folders.data).ask(Request("start", name), within_s)


async def start_anywhere(engine: Engine, settings: Settings) -> None:
    """In the server if one runs that hosts it, so that it is never in memory twice.

    Else here, and end it again: a server then knows what it offers. Raises BackendUnavailable.
    """
    try:
        await start_in_server(engine.name, settings)
    except (ConfigError, BadRequest, ProtocolError):  # none runs, or it does not host it
        await _start_here(engine, settings)


async def _start_here(engine: Engine, settings: Settings) -> None:
    folders = folders_of(settings)
    worker = await asyncio.to_thread(
        in_worker,
        engine,
        settings.engine(engine.name),
        folders,
        WorkerLimits(startup_s=settings.worker(engine.name).startup_s),
        python=await asyncio.to_thread(interpreter, engine, folders),
        log=log_of(engine, folders),
    )
    try:
        await worker.start()
    finally:
        await worker.aclose()
