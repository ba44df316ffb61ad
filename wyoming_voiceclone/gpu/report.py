"""Report: who holds what of the GPUs, and what to set so that all fit. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wyoming_voiceclone.gpu.memory import MEGABYTE, Device, Holder, Reading
from wyoming_voiceclone.gpu.ollama import LoadedModel

_ROUND_MB = 100
_NEAR = 0.1
"""Memory that differs by less from what was expected is as expected."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An engine of ours that uses a GPU."""

    name: str
    needs_mb: int
    device: Device | None
    """None: not known."""
    pids: frozenset[int] = frozenset()
    """Of its process and those it started; empty while it is not there."""

    def held_mb(self, reading: Reading) -> int | None:
        """None: it is not there, or the driver does not tell."""
        told = [one.mb for one in reading.holders if one.pid in self.pids]
        known = [mb for mb in told if mb is not None]
        return sum(known) if known else None


def whose(holder: Holder, engines: Sequence[Wanted], names: Mapping[int, str]) -> str:
    """The engine, the program, or that it cannot be seen. `names`: of processes, by id."""
    for engine in engines:
        if holder.pid in engine.pids:
            return f"{engine.name} (ours)"
    return names.get(holder.pid) or "a process of somebody else, or outside this container"


def advice(
    reading: Reading,
    engines: Sequence[Wanted],
    models: Sequence[LoadedModel],
    headroom_mb: int,
) -> Iterator[str]:
    """What to know and to set, in sentences."""
    for engine in engines:
        yield from _measured(engine, reading)
        yield from _fits(engine, reading, engines, models, headroom_mb)
    yield from _for_ollama(engines, models, headroom_mb)
    if any(one.mb is None for one in reading.holders):
        yield "the driver does not tell how much each process holds (WSL does that)"


def _measured(engine: Wanted, reading: Reading) -> Iterator[str]:
    held_mb = engine.held_mb(reading)
    if held_mb and abs(held_mb - engine.needs_mb) > _NEAR * engine.needs_mb:
        rounded = -(-held_mb // _ROUND_MB) * _ROUND_MB
        wrong = f"{engine.name} holds {held_mb} MB, and {engine.needs_mb} are reckoned with"
        yield f"{wrong} — set [gpu.memory_mb] {engine.name} = {rounded}, once it has spoken"


def _fits(
    engine: Wanted,
    reading: Reading,
    engines: Sequence[Wanted],
    models: Sequence[LoadedModel],
    headroom_mb: int,
) -> Iterator[str]:
    """Of an engine that is not there: whether it could come."""
    device = engine.device
    if engine.pids or device is None or device.free_mb is None or device.total_mb is None:
        return
    wanted_mb = engine.needs_mb + headroom_mb
    ours_mb = sum(one.held_mb(reading) or 0 for one in engines if one.device == device)
    theirs_mb = sum(one.vram_mb for one in models)
    needs = f"{engine.name} needs {engine.needs_mb} MB"
    if wanted_mb > device.total_mb:
        yield (
            f"{needs}, more than {device.name} has with {headroom_mb} kept free — if it takes "
            f"less, say so in [gpu.memory_mb]; else switch it off"
        )
    elif wanted_mb <= device.free_mb:
        yield f"{needs}: there is room"
    elif wanted_mb <= device.free_mb + ours_mb:
        yield f"{needs}: there is room once our other engines are idle"
    elif wanted_mb <= device.free_mb + ours_mb + theirs_mb:
        yield f"{needs}: there is room once Ollama has unloaded its models; it will be asked to"
    else:
        short_mb = wanted_mb - device.free_mb - ours_mb - theirs_mb
        yield f"{needs}: busy, {short_mb} MB too few — end or shrink what other programs hold"


def _for_ollama(
    engines: Sequence[Wanted], models: Sequence[LoadedModel], headroom_mb: int
) -> Iterator[str]:
    """Ollama takes what is free when it loads a model, unless it is told to leave some."""
    sized = [one for one in engines if one.device and one.device.total_mb]
    if not sized or not models:
        return
    largest = max(sized, key=lambda one: one.needs_mb)
    total_mb = (largest.device and largest.device.total_mb) or 0
    kept_mb = largest.needs_mb + headroom_mb
    left_mb = total_mb - kept_mb
    model = models[0]
    if model.vram_mb and model.vram_mb > left_mb:
        yield (
            f"{model.name} ({model.vram_mb} MB) and {largest.name} do not fit together: the model "
            f"loads anew after each has spoken — one of at most {max(left_mb, 0)} MB would stay"
        )
    else:
        yield (
            f"start Ollama with OLLAMA_GPU_OVERHEAD={kept_mb * MEGABYTE}, and its models leave "
            f"room for {largest.name}: none has to be unloaded"
        )
