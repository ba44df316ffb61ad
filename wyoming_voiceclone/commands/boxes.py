"""`boxes`: other machines that lend their engines: pairing with them, and looking at them."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from wyoming_voiceclone.boxes.dialer import Address, address_in
from wyoming_voiceclone.boxes.forgetting import Forgetting
from wyoming_voiceclone.boxes.handshake import Refused
from wyoming_voiceclone.boxes.keyring import Home, Keyring
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes, name_from
from wyoming_voiceclone.boxes.memory import BoxMemory
from wyoming_voiceclone.boxes.messages import Offer
from wyoming_voiceclone.boxes.pairing_key import parse_key
from wyoming_voiceclone.commands.box_bench import bench
from wyoming_voiceclone.commands.box_reach import reached, seen
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.commands.printing import print_table
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import BackendUnavailable, BadRequest, ConfigError
from wyoming_voiceclone.servers.control import BoxStatus, Control, NoServer

_ANSWER_S = 5.0

boxes = typer.Typer(
    help="Other machines that lend their engines, usually the one with the GPU.",
    no_args_is_help=True,
)
boxes.command("bench")(bench)


@boxes.command("pair")
def pair(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="At home: what the box printed.")
    ] = None,
    *,
    home: Annotated[
        str | None, typer.Option(metavar="NAME", help="On the box: for which home to make a key.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to call the box at home: gpu.")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST[:PORT]", help="Where it is, if it is not seen on the LAN."),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Let a home use a box: first on the box with --home, then at home with the key it prints.

    [dim]wyoming-voiceclone boxes pair --home house[/]     on the box

    [dim]wyoming-voiceclone boxes pair VC1-… --name gpu[/]   at home

    Pairing again with the same home makes a new key, and the old one is of no use any more.
    """
    settings = _settings(config, data_dir, log_level)
    if home is not None and key is None:
        _issue(settings, home)
    elif key is not None and home is None:
        asyncio.run(_pair(settings, key, name, address_in(address or "")))
    else:
        raise BadRequest("on the box: `boxes pair --home NAME`; at home: `boxes pair KEY`")


@boxes.command("list")
def list_(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """The boxes that this home is paired with; on a box also its homes."""
    settings = _settings(config, data_dir, log_level)
    found, note = _boxes(settings)
    homes = Keyring(settings.folders.box).homes() if _is_box(settings) else []
    if as_json:
        told = {"boxes": [asdict(one) for one in found], "homes": [asdict(one) for one in homes]}
        typer.echo(json.dumps({"server": not note, **told}, ensure_ascii=False, indent=1))
        return
    if found:
        print_table(_box_table(found))
        for one in found:
            if one.reason and one.state != "up":
                typer.echo(f"{one.name}: {one.reason}")
    if homes:
        print_table(_home_table(homes))
    if not found and not homes:
        typer.echo("no box is paired — on the box: `wyoming-voiceclone boxes pair --home NAME`")
    if note:
        typer.echo(note, err=True)


@boxes.command("forget")
def forget(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A box at home; on a box one of its homes.")
    ],
    *,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """At home: use a box no more. On a box: let a home in no more; it is put out at once."""
    settings = _settings(config, data_dir, log_level)
    known = KnownBoxes(settings.folders.data)
    if any(name in {one.name, one.key.box_id} for one in known.read()):
        box_id = known.forget(name).key.box_id
        Forgetting(settings.folders.data).drop(box_id)
        BoxMemory(settings.folders.cache / "boxes").drop(box_id)
        typer.echo(f"{name} is forgotten; on the box, `boxes forget` takes our key back")
    elif _is_box(settings) and Keyring(settings.folders.box).revoke(name):
        typer.echo(f"{name} is not let in any more")
    else:
        have = ", ".join(one.name for one in known.read()) or "none"
        raise ConfigError(f"{name}: neither a box nor a home is called that here — have {have}")


def _settings(config: Config, data_dir: DataDir, log_level: LogLevel) -> Settings:
    return begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)


def _is_box(settings: Settings) -> bool:
    return (settings.folders.box / "keys.json").exists()


def _issue(settings: Settings, home: str) -> None:
    if not home.strip() or len(home) > 64:
        raise BadRequest("--home: give your home a name of up to 64 characters")
    key = Keyring(settings.folders.box).issue(home.strip())
    typer.echo(key.text())
    typer.echo(
        f"This key lets {home.strip()} use this box; show it to nobody else. At home, run:\n"
        f"wyoming-voiceclone boxes pair {key.text()}",
        err=True,
    )


async def _pair(settings: Settings, text: str, name: str | None, address: Address | None) -> None:
    key, boxes = parse_key(text), KnownBoxes(settings.folders.data)
    service = None if address or not settings.discovery.enabled else await seen(key.box_id)
    same = [one for one in await asyncio.to_thread(boxes.read) if one.key.box_id == key.box_id]
    name = name or (same[0].name if same else name_from(service.name if service else "")) or "box"
    box = KnownBox(name, key, address)
    try:
        offer, place = await reached(settings, box, service)
    except Refused:
        raise
    except BackendUnavailable as error:
        await asyncio.to_thread(boxes.add, box)
        fact = str(error).removeprefix(f"{name}: ")
        typer.echo(f"{name} is paired, and could not be reached now: {fact}", err=True)
        return
    await asyncio.to_thread(boxes.add, box)
    typer.echo(f"{name} is paired; it is at {place} and has {_told(offer)}")


def _told(offer: Offer) -> str:
    engines = ", ".join(one.engine for one in offer.engines) or "no engine"
    return f"{engines}{', on a GPU' if offer.gpu else ''}"


def _boxes(settings: Settings) -> tuple[Sequence[BoxStatus], str]:
    """As the running server sees them; else as they were, and a note that says so."""
    try:
        return asyncio.run(Control(settings.folders.data).boxes(_ANSWER_S)), ""
    except NoServer as error:
        memory = BoxMemory(settings.folders.cache / "boxes")
        known = KnownBoxes(settings.folders.data).read()
        return [_remembered(one, memory) for one in known], str(error)


def _remembered(known: KnownBox, memory: BoxMemory) -> BoxStatus:
    met = memory.recall(known.key.box_id)
    status = BoxStatus(known.name, known.key.box_id, "unknown", address=str(known.address or ""))
    if met is None:
        return status
    return BoxStatus(
        known.name,
        known.key.box_id,
        "unknown",
        address=str(met.address),
        version=met.offer.version,
        gpu=met.offer.gpu,
        engines=tuple(one.engine for one in met.offer.engines),
        voices=sum(len(one.capabilities.voices) for one in met.offer.engines),
        seen_at=met.at,
    )


def _box_table(found: Sequence[BoxStatus]) -> Table:
    columns = "box", "state", "address", "engines", "voices", "load", "seen", "version", "id"
    table = Table(*columns, box=None, pad_edge=False)
    for one in found:
        table.add_row(*_cells(one))
    return table


def _cells(one: BoxStatus) -> Iterator[str]:
    yield one.name
    yield one.state
    yield one.address or "-"
    yield (" ".join(one.engines) or "-") + (" (GPU)" if one.gpu else "")
    yield str(one.voices or "-")
    yield str(one.load) if one.state == "up" else "-"
    yield "never" if one.seen_at is None else _ago(time.time() - one.seen_at)
    yield one.version or "-"
    yield one.id


def _ago(seconds: float) -> str:
    if seconds < 10:
        return "now"
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _home_table(homes: Sequence[Home]) -> Table:
    table = Table("home", "paired", "key", box=None, pad_edge=False)
    for one in homes:
        table.add_row(one.name, one.made, one.key_id)
    return table
