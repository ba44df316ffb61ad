"""`boxes bench`: how soon, and how fast, a box speaks to this machine."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.backends.peer.messages import Hello
from wyoming_voiceclone.boxes.dialer import Dialer
from wyoming_voiceclone.boxes.known import KnownBoxes
from wyoming_voiceclone.commands.box_reach import reached, seen
from wyoming_voiceclone.commands.options import Config, DataDir, LogLevel, begin
from wyoming_voiceclone.commands.printing import print_table
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.voices import voice_for
from wyoming_voiceclone.voices.library import VoiceLibrary

SENTENCE = "The old boat lay on the beach for many years, and nobody ever asked him why."
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine of a box, in seconds."""

    engine: str
    round_trip_s: float
    """A question and its answer, on a link that is ready."""
    first_chunk_s: float
    factor: float
    """Of real time: 0.5 speaks for two seconds in one."""


def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `boxes list` shows it.")],
    *,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: LogLevel = None,
) -> None:
    """Measure the way to a box, and each of its engines with one sentence."""
    settings = begin(config, {"folders": {"data": data_dir}}, log_level, quiet=True)
    asyncio.run(_bench(settings, name))


async def _bench(settings: Settings, name: str) -> None:
    box = await asyncio.to_thread(KnownBoxes(settings.folders.data).find, name)
    announced = await seen(box.key.box_id) if settings.discovery.enabled else None
    offer, place = await reached(settings, box, announced)
    columns = "engine", "round trip", "first sound", "real-time factor"
    table = Table(*columns, box=None, pad_edge=False)
    async with _dialled(Dialer(box.name, box.key, lambda: place)) as dialer:
        began = time.perf_counter()
        await dialer.offer()
        link_s = time.perf_counter() - began
        for hello in offer.engines:
            peer = PeerBackend(
                f"{hello.engine}@{name}", "", dial=partial(dialer.link, hello.engine)
            )
            peer.know(hello)
            try:
                table.add_row(*_cells(await _measured(peer, hello, settings)))
            except VoiceCloneError as error:
                table.add_row(hello.engine, "-", "-", str(error))
            finally:
                await peer.aclose()
    print_table(table)
    typer.echo(f"{name} at {place}: a new link takes {link_s * 1000:.1f} ms")


@asynccontextmanager
async def _dialled(dialer: Dialer) -> AsyncIterator[Dialer]:
    try:
        yield dialer
    finally:
        await dialer.aclose()


async def _measured(peer: PeerBackend, hello: Hello, settings: Settings) -> Measured:
    """Raises VoiceCloneError."""
    request = await _request(peer, hello, settings)
    await _spoken(peer, request)  # the engine may have to be started
    trips = [await _round_trip(peer) for _ in range(_ROUNDS)]
    spoken = [await _spoken(peer, request) for _ in range(_ROUNDS)]
    first, factor = (statistics.median(column) for column in zip(*spoken, strict=True))
    return Measured(hello.engine, statistics.median(trips), first, factor)


async def _request(peer: PeerBackend, hello: Hello, settings: Settings) -> SynthesisRequest:
    voices = [voice for voice in hello.capabilities.voices if voice.installed]
    if voice := voice_for("en", voices) or next(iter(voices), None):
        return SynthesisRequest(SENTENCE, voice.name, language=voice.languages[0])
    library = VoiceLibrary(settings.folders.voices, settings.folders.speakers / "index.json")
    await asyncio.to_thread(library.rescan)
    person = next(iter(library.voices.values()), None)
    if person is None:
        raise VoiceCloneError("clones only: add a voice of yours with `voices add` to measure it")
    state = await peer.enroll(await asyncio.to_thread(person.reference))
    return SynthesisRequest(SENTENCE, person.name, language="en", speaker_state=state)


async def _round_trip(peer: PeerBackend) -> float:
    began = time.perf_counter()
    await peer.meet()
    return time.perf_counter() - began


async def _spoken(peer: PeerBackend, request: SynthesisRequest) -> tuple[float, float]:
    began = time.perf_counter()
    async with await peer.synthesize(request) as stream:
        first_s = time.perf_counter() - began
        samples = 0
        async for chunk in stream:
            samples += len(chunk)
    spoken_s = max(samples / stream.rate, 1e-3)
    return first_s, (time.perf_counter() - began) / spoken_s


def _cells(one: Measured) -> Iterator[str]:
    yield one.engine
    yield f"{one.round_trip_s * 1000:.1f} ms"
    yield f"{one.first_chunk_s * 1000:.0f} ms"
    yield f"{one.factor:.3f}"
