"""Other machines: the boxes that lend us engines, and the homes that we lend ours to."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import urlsplit

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.backends.backend import Forgetful
from wyoming_voiceclone.boxes.announcement import BOX
from wyoming_voiceclone.boxes.dialer import address_in
from wyoming_voiceclone.boxes.forgetting import Forgetting
from wyoming_voiceclone.boxes.household import Boxes
from wyoming_voiceclone.boxes.joining import Joining
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.opening import Place, open_box
from wyoming_voiceclone.boxes.peers import Peers
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.discovery import watch_services
from wyoming_voiceclone.environments.gpus import gpus_here
from wyoming_voiceclone.errors import BackendError, ConfigError
from wyoming_voiceclone.hosting.alarm import Alarm
from wyoming_voiceclone.hosting.engines import Engines
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.voices import engine_of, state_key

_LOGGER = logging.getLogger(__name__)


@asynccontextmanager
async def lent(engines: Engines, server: WyomingServer, settings: Settings) -> AsyncIterator[None]:
    """As a box, our engines are lent to homes that are paired with us."""
    if settings.server.role == "home":
        yield
        return
    # a likeness is made at home: it must never wait for anybody
    likenesses = engines.likenesses
    backends = [one for one in engines.backends if one.name not in likenesses]
    place = Place(
        settings.boxes.name or socket.gethostname().partition(".")[0] or "box",
        settings.server.host,
        settings.boxes.port,
        announced=settings.discovery.enabled,
    )
    keyring = await asyncio.to_thread(Keyring, settings.folders.box)
    async with open_box(keyring, server, backends, place, gpu=bool(await gpus_here())):
        yield


@asynccontextmanager
async def joined(
    company: Joining, engines: Engines, server: WyomingServer, settings: Settings, alarm: Alarm
) -> AsyncIterator[Boxes]:
    """As a home, boxes and peers speak here too. Raises ConfigError."""
    if taken := settings.peers.keys() & {one.name for one in engines.backends}:
        raise ConfigError(f"[peers] {min(taken)}: an engine is called that — choose another name")
    folders = settings.folders
    static = {n: a for n, text in settings.boxes.static.items() if (a := address_in(text))}
    boxes = Boxes(folders.data, folders.cache, company, static, alarm.missed)
    async with AsyncExitStack() as stack:
        if settings.server.role != "box":
            await stack.enter_async_context(alarm.following(boxes))
            await stack.enter_async_context(meanwhile(boxes.run()))
            await stack.enter_async_context(meanwhile(Peers(settings.peers, company).run()))
            if settings.discovery.enabled:
                watching = watch_services(BOX, boxes.announced, hosts=_hosts(server))
                await stack.enter_async_context(meanwhile(watching))
        yield boxes


def _hosts(server: WyomingServer) -> Sequence[str]:
    """Where we listen is where boxes can be heard."""
    hosts = [urlsplit(uri).hostname for uri in server.addresses if uri.startswith("tcp:")]
    return [host for host in hosts if host] or ["0.0.0.0", "::"]  # noqa: S104 -- heard at


class Removal:
    """Nothing of removed recordings is kept anywhere: not in our workers, and not on boxes."""

    def __init__(self, cloning: Cloning, settings: Settings) -> None:
        self._cloning, self._forgetting = cloning, Forgetting(settings.folders.data)

    async def removed(self, digests: Collection[str]) -> None:
        await asyncio.to_thread(self._forgetting.removed, digests)
        for name, engine in self._cloning.engines.items():
            if name == engine_of(name) and isinstance(engine, Forgetful):
                keys = [state_key(digest, name, engine.revision) for digest in digests]
                with suppress(BackendError):  # a worker that has gone remembers nothing
                    await engine.forget(keys)
