"""Being found by Home Assistant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.discovery import Advertiser, identity
from wyoming_voiceclone.servers.wyoming import WyomingServer


@asynccontextmanager
async def advertised(server: WyomingServer, settings: Settings) -> AsyncIterator[None]:
    """Tell the LAN, unless nobody there could connect."""
    uris = [urlsplit(uri) for uri in server.addresses if uri.startswith("tcp:")]
    if not settings.discovery.enabled or not uris or (port := uris[0].port) is None:
        yield
        return
    hosts = [uri.hostname for uri in uris if uri.hostname and uri.port == port]
    host_id = await asyncio.to_thread(identity, settings.folders.data)
    name = settings.discovery.name or f"voiceclone-{host_id}"
    async with Advertiser(name, hosts, port, host_id=host_id):
        yield
