"""Noticing what is installed, repaired or removed while the server runs."""

import asyncio
import logging

from wyoming_voiceclone.errors import BackendError
from wyoming_voiceclone.hosting.engines import Engines
from wyoming_voiceclone.hosting.hosted import HostedEngine

_LOGGER = logging.getLogger(__name__)

LOOK_S = 3.0


async def watch_installations(engines: Engines) -> None:
    """For ever: take up engines that were installed, leave those that were removed."""
    while True:
        await asyncio.sleep(LOOK_S)
        for one in engines.hosted.values():
            try:
                await _look(one)
            except Exception:
                _LOGGER.exception("%s: its installation could not be looked at", one.name)


async def _look(one: HostedEngine) -> None:
    was = one.is_installed
    if not await one.looks_changed():
        return
    await one.look()
    if one.is_installed:
        _LOGGER.info("%s: is %s", one.name, "installed anew" if was else "installed now")
        try:
            await one.warm(())  # what it offers, if nobody knows yet
        except BackendError as error:
            _LOGGER.info("not ready yet: %s", error)
    elif was:
        _LOGGER.info("%s: %s", one.name, one.fault or "was removed")
