"""`boxes wake`: call a box that sleeps."""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated

import typer

from wyoming_voiceclone.boxes.dialer import Address, address_in
from wyoming_voiceclone.boxes.handshake import Refused
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes
from wyoming_voiceclone.boxes.memory import BoxMemory
from wyoming_voiceclone.boxes.neighbours import mac_in
from wyoming_voiceclone.boxes.waking import MacBook, Waker
from wyoming_voiceclone.commands.box_reach import reached, seen
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import BackendUnavailable, BadRequest, ConfigError

_SETTINGS = "in its firmware and its system, Wake-on-LAN must be on, and its cable plugged in"


@dataclass(frozen=True, slots=True)
class _Asleep:
    name: str
    box_id: str
    place: Address | None
    address: Address | None = None


def wake(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `boxes list` shows it.")],
    *,
    mac: Annotated[
        str | None,
        typer.Option(metavar="AA:BB:CC:DD:EE:FF", help="Its hardware address, and keep that."),
    ] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait until it is there.")
    ] = 90.0,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Wake a box that sleeps (Wake-on-LAN), as a home does when somebody wants to hear it."""
    settings = begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)
    box = KnownBoxes(settings.folders.data).find(name)
    book = MacBook(settings.folders.data)
    if mac is not None:
        if (known := mac_in(mac)) is None:
            raise BadRequest(f"--mac {mac}: no hardware address — write aa:bb:cc:dd:ee:ff")
        book.learn(box.key.box_id, known)
    asyncio.run(_wake(settings, box, book, wait))


async def _wake(settings: Settings, box: KnownBox, book: MacBook, wait_s: float) -> None:
    """Raises ConfigError, BackendUnavailable."""
    waker = Waker(book, settings.boxes.macs)
    asleep = _Asleep(box.name, box.key.box_id, await asyncio.to_thread(_last_place, settings, box))
    if (mac := await waker.mac(asleep)) is None:
        remedy = "start it by hand once while the server runs, or give it with --mac"
        raise ConfigError(f"{box.name}: its hardware address is not known — {remedy}")
    began = time.monotonic()
    if not await waker.call(asleep, mac):
        raise ConfigError(f"{box.name}: no packet left this machine — is it on the network?")
    typer.echo(f"{box.name} is being woken ({mac})")
    while (gone_s := time.monotonic() - began) < wait_s:
        if await _is_there(settings, box):
            typer.echo(f"{box.name} is there, after {time.monotonic() - began:.0f} s")
            return
        await asyncio.sleep(min(2.0, wait_s - gone_s))
    if wait_s:
        raise BackendUnavailable(f"{box.name}: not there after {wait_s:.0f} s — {_SETTINGS}")


def _last_place(settings: Settings, box: KnownBox) -> Address | None:
    """Blocks."""
    static = address_in(settings.boxes.static.get(box.name, ""))
    met = BoxMemory(settings.folders.cache / "boxes").recall(box.key.box_id)
    return static or box.address or (met.address if met else None)


async def _is_there(settings: Settings, box: KnownBox) -> bool:
    service = await seen(box.key.box_id) if settings.discovery.enabled else None
    try:
        await reached(settings, box, service)
    except Refused:
        return True
    except BackendUnavailable:
        return False
    return True
