"""`gpu status`: who holds this machine's GPU."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.table import Table

from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.commands.printing import print_table
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.environments.installed import interpreter
from wyoming_voiceclone.errors import BackendUnavailable, VoiceCloneError
from wyoming_voiceclone.gpu import Gpu, Reading
from wyoming_voiceclone.gpu.memory import used_by_cuda
from wyoming_voiceclone.gpu.nvml import NvmlGpu
from wyoming_voiceclone.gpu.ollama import LoadedModel, Ollama
from wyoming_voiceclone.gpu.report import Wanted, advice, whose
from wyoming_voiceclone.gpu.tenants import family, name_of
from wyoming_voiceclone.hosting import folders_of
from wyoming_voiceclone.hosting.gpu import device_of, needs_mb
from wyoming_voiceclone.servers.control import Control, Request

_ANSWER_S = 10.0

gpu = typer.Typer(
    no_args_is_help=True, help="This machine's GPU, which other programs use, too (docs/gpu.md)."
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to tell."""

    reading: Reading
    engines: Sequence[Wanted]
    names: Mapping[int, str]
    models: Sequence[LoadedModel]
    ollama: str
    """Why its models are not known; "" where they are."""
    advice: Sequence[str]


@gpu.command("status")
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Who holds how much of the GPU: our engines, Ollama's models, others; and what to set."""
    settings = begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)
    seen = asyncio.run(look(settings, NvmlGpu()))
    if as_json:
        typer.echo(json.dumps(_document(seen), ensure_ascii=False, indent=1))
    else:
        show(seen)


async def look(settings: Settings, card: Gpu) -> Seen:
    """All that can be known; nothing is raised."""
    try:
        reading = await card.read()
    finally:
        await card.aclose()
    models, why = await _models(settings.gpu.ollama)
    pids = await _pids(settings)
    engines = await asyncio.to_thread(_engines, settings, reading, pids)
    names = await asyncio.to_thread(lambda: {one.pid: name_of(one.pid) for one in reading.holders})
    told = (
        list(advice(reading, engines, models, settings.gpu.headroom_mb)) if reading.devices else ()
    )
    return Seen(reading, engines, names, models, why, told)


async def _models(url: str) -> tuple[Sequence[LoadedModel], str]:
    if not url:
        return (), "Ollama is not asked: [gpu] ollama is empty"
    try:
        return await Ollama(url).loaded(), ""
    except BackendUnavailable as error:
        return (), str(error)


async def _pids(settings: Settings) -> Mapping[str, int]:
    """Of the running server's engines; none without a server."""
    try:
        told = await Control(settings.folders.data).ask(Request("status"), _ANSWER_S)
    except VoiceCloneError:
        return {}
    return {one.name: one.pid for one in told if one.pid}


def _engines(settings: Settings, reading: Reading, pids: Mapping[str, int]) -> list[Wanted]:
    """Those that are installed, enabled and want a GPU. Blocks."""
    folders, found = folders_of(settings), []
    for name, engine in installed_engines().items():
        takes_mb = needs_mb(engine, settings)
        is_here = engine.environment is None or interpreter(engine, folders) is not None
        if takes_mb and is_here and settings.engine(name).enabled:
            device = used_by_cuda(reading, device_of(engine, settings), os.environ)
            own = frozenset(family(pids.get(name)))
            found.append(Wanted(name, takes_mb, device, own))
    return found


def _document(seen: Seen) -> dict[str, Any]:
    holders = [
        {**asdict(one), "who": whose(one, seen.engines, seen.names)} for one in seen.reading.holders
    ]
    engines = [
        {
            "name": one.name,
            "needs_mb": one.needs_mb,
            "held_mb": one.held_mb(seen.reading),
            "device": one.device.index if one.device else None,
        }
        for one in seen.engines
    ]
    return {
        "gpus": [asdict(one) for one in seen.reading.devices],
        "fault": seen.reading.fault,
        "holders": holders,
        "engines": engines,
        "ollama": {"models": [asdict(one) for one in seen.models], "fault": seen.ollama},
        "advice": list(seen.advice),
    }


def show(seen: Seen) -> None:
    """For people."""
    if seen.reading.fault:
        typer.echo(f"GPU: {seen.reading.fault}")
    table = Table("gpu", "process", "who", "memory", box=None, pad_edge=False)
    for device in seen.reading.devices:
        free = "not told" if device.free_mb is None else f"{device.free_mb} of {device.total_mb} MB"
        table.add_row(
            str(device.index), "", device.name, f"{free} free" if device.free_mb else free
        )
        for one in seen.reading.holders:
            if one.device == device.index:
                mb = "not told" if one.mb is None else f"{one.mb} MB"
                table.add_row("", str(one.pid), whose(one, seen.engines, seen.names), mb)
    if seen.reading.devices:
        print_table(table)
    for model in seen.models:
        until = f", until {model.until[:16].replace('T', ' ')}" if model.until else ""
        typer.echo(f"Ollama: {model.name}, {model.vram_mb} MB{until}")
    if not seen.models:
        typer.echo(seen.ollama or "Ollama: no model is loaded")
    for sentence in seen.advice:
        typer.echo(sentence)
