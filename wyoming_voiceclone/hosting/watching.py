"""Noticing what is installed, repaired or removed while the server runs."""

import asyncio
import logging

from wyoming_voiceclone.errors import BackendError
from wyoming_voiceclone.hosting.engines import Engines
from wyoming_voiceclone.hosting.hosted import HostedEngine

_LOGGER = logging.getLogger(__name__)

LOOK_S = 3.0


async def watch_installations(engines: Engines, every_s: float = LOOK_S) -> None:
    """For ever: take up engines that were installed, leave those that were removed.

    Each by itself: one may take minutes to start, and the others are noticed all the same.
    """
    async with asyncio.TaskGroup() as tasks:
        for one in engines.hosted.values():
            tasks.create_task(_watch(one, every_s), name=f"installation of {one.name}")


async def _watch(one: HostedEngine, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
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
        why = f" ({one.fault})" if one.fault else ""
        _LOGGER.info("%s: was removed, or is being made anew%s", one.name, why)
