"""What can be seen of a running server, over HTTP."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.synthesis.router import Router

if TYPE_CHECKING:
    from wyoming_voiceclone.servers.http import HttpServer

_LOGGER = logging.getLogger(__name__)


@asynccontextmanager
async def visible(router: Router, settings: Settings) -> AsyncIterator["HttpServer | None"]:
    """Answer /metrics and /health, if the owner wants it; where that cannot be, speak on."""
    if not settings.http.enabled:
        yield None
        return
    # only now, and in a thread: its libraries take a while, and few need them
    room = await asyncio.to_thread(importlib.import_module, "wyoming_voiceclone.servers.http")
    server: HttpServer = room.HttpServer(router.report)
    try:
        try:
            await server.start(settings.http.address)
            _LOGGER.info("/metrics and /health at %s", ", ".join(server.addresses))
        except ConfigError as error:
            _LOGGER.warning("no /metrics and /health: %s", error)
        yield server
    finally:
        await server.aclose()
