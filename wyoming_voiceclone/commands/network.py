"""The doctor's look at the network: is the server up, can it be found."""

import asyncio
import time
from collections.abc import AsyncIterator

from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.info import Describe, Info

from wyoming_voiceclone.commands.findings import Finding, broken, note, well
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.discovery import find, probe
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.servers.wyoming.listen import listen

ANSWER_S = 3.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "127.0.0.1"}  # noqa: S104 -- where to knock instead


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    for uri in settings.server.addresses():
        yield await _server(uri)
    if settings.discovery.enabled:
        yield await _mdns()
        yield await _found()


async def _mdns() -> Finding:
    seen = await probe()
    if seen is None:
        remedy = "allow UDP port 5353; a container needs host networking"
        return note("mDNS", "an announcement of this machine is not heard back", remedy)
    return well("mDNS", f"announcements are heard, from {', '.join(seen.addresses)}")


async def _found() -> Finding:
    """What Home Assistant would be offered."""
    try:
        services = await find()
    except OSError as error:
        return note("discovery", str(error), "check the network")
    names = ", ".join(f"{one.name} (port {one.port})" for one in services)
    return well("discovery", names or "no Wyoming server is announced on this network now")


async def _server(uri: str) -> Finding:
    began = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER_S):
            answer = await _describe(_reachable(uri))
    except TimeoutError:
        fact = f"something listens there and does not answer within {ANSWER_S:.0f} s"
        return broken(uri, fact, "stop it, or choose another address in [server]")
    except (OSError, ValueError):
        return await _free(uri)
    if answer is None or not Info.is_type(answer.type):
        return broken(uri, "something else listens there", "choose another port in [server]")
    took_ms = (time.monotonic() - began) * 1000
    programs = Info.from_event(answer).tts
    about = ", ".join(f"{one.name} {one.version} ({len(one.voices)} voices)" for one in programs)
    return well(uri, f"{about or 'a server that does not speak'} answers in {took_ms:.0f} ms")


async def _describe(uri: str) -> Event | None:
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        answer: Event | None = await client.read_event()
        return answer


async def _free(uri: str) -> Finding:
    """Whether we could listen where nobody answers."""
    try:
        sockets = await listen(uri)
    except ConfigError as error:
        fact, _, remedy = str(error).removeprefix(f"{uri}: ").partition(" — ")
        return broken(uri, fact, remedy)
    for one in sockets:
        await asyncio.to_thread(one.remove)
    return note(uri, "free: no server is running", "start one with `wyoming-voiceclone serve`")


def _reachable(uri: str) -> str:
    for everywhere, here in _EVERYWHERE.items():
        uri = uri.replace(f"//{everywhere}:", f"//{here}:")
    return uri
