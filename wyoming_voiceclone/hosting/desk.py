"""EngineDesk: where the server's owner starts, stops and looks at its engines."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import psutil

from wyoming_voiceclone.backends import Backend
from wyoming_voiceclone.boxes.box import Box
from wyoming_voiceclone.boxes.household import Boxes
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import BadRequest, ConfigError
from wyoming_voiceclone.hosting.engines import Engines
from wyoming_voiceclone.hosting.hosted import HostedEngine
from wyoming_voiceclone.servers.control import BoxStatus, ControlServer, EngineStatus, socket_in
from wyoming_voiceclone.synthesis.cloned import Cloning, wanted_state

_LOGGER = logging.getLogger(__name__)

HERE, ABSENT, OFF = "here", "not installed", "off"
_MEGABYTE = 1_000_000


class EngineDesk:
    """The desk of one running server (`servers.control.Desk`)."""

    def __init__(self, engines: Engines, cloning: Cloning, boxes: Boxes, grace_s: float) -> None:
        """`grace_s`: for the sentences of an engine that is stopped, unless told otherwise."""
        self._engines, self._cloning, self._boxes = engines, cloning, boxes
        self._grace_s = grace_s

    async def status(self) -> Sequence[EngineStatus]:
        """Every engine that this program knows, the preferred one first."""
        here = [self._status_of(one) for one in self._engines.backends]
        pids = [one.pid for one in here if one.pid]
        memory = await asyncio.to_thread(_memory_mb, pids)
        names = {one.name for one in here}
        off = [
            EngineStatus(name, engine.declared.title, OFF, "switched off, or broken: see the log")
            for name, engine in self._engines.declared.items()
            if name not in names
        ]
        return [*(replace(one, memory_mb=memory.get(one.pid or 0)) for one in here), *off]

    def boxes(self) -> Sequence[BoxStatus]:
        """Every box that this home is paired with, by name."""
        return [_box_status(box) for box in self._boxes.all]

    async def start(self, engine: str) -> None:
        """Return once it is there. Raises BadRequest, BackendUnavailable."""
        await self._hosted(engine).start()

    async def stop(self, engine: str, grace_s: float | None) -> None:
        """Return once its process is gone. Raises BadRequest."""
        await self._hosted(engine).stop(self._grace_s if grace_s is None else max(0.0, grace_s))

    def _hosted(self, name: str) -> HostedEngine:
        if name in self._engines.hosted:
            return self._engines.hosted[name]
        if any(one.name == name for one in self._engines.backends):
            raise BadRequest(f"{name}: speaks inside the server, for as long as that runs")
        if name in self._engines.declared:
            raise BadRequest(f"{name}: is off — see [engines.{name}] enabled, and the server's log")
        have = ", ".join(self._engines.hosted) or "none that have a process of their own"
        raise BadRequest(f"{name:.40}: no engine is called that — have {have}")

    def _status_of(self, backend: Backend) -> EngineStatus:
        offer, name = backend.capabilities(), backend.name
        engine = self._engines.declared.get(name)
        plain = EngineStatus(
            name,
            engine.declared.title if engine else name,
            HERE,
            voices=len(offer.voices),
            learnt=self._learnt(name) if offer.clones else None,
        )
        if not isinstance(backend, HostedEngine):
            return plain
        if not backend.is_installed:
            reason = f"{backend.fault} — {backend.remedy}" if backend.fault else backend.remedy
            return replace(plain, state=ABSENT, reason=reason)
        now = backend.status()
        return replace(
            plain,
            state=now.state,
            reason=now.reason,
            pid=now.pid,
            up_s=now.up_s,
            idle_s=now.idle_s,
            sentences=now.sentences,
            crashes=now.crashes,
        )

    def _learnt(self, name: str) -> int:
        """How many of the user's own voices it can speak as at once."""
        if (engine := self._cloning.engines.get(name)) is None:
            return 0
        parts = self._cloning.parts.values()
        persons = {part.person.name: part.person for part in parts if name in part.engines}
        keys = [wanted_state(engine, person).key for person in persons.values()]
        return sum(self._cloning.speakers.remembered(key) is not None for key in keys)


@asynccontextmanager
async def controlled(
    engines: Engines, cloning: Cloning, boxes: Boxes, settings: Settings
) -> AsyncIterator[None]:
    """Let the owner look at the engines, start and stop them; where that cannot be, speak on."""
    desk = EngineDesk(engines, cloning, boxes, settings.server.grace_s)
    control = ControlServer(desk, socket_in(settings.folders.data))
    try:
        await control.start()
    except ConfigError as error:
        _LOGGER.warning("`engines status`, `start` and `stop` cannot reach this server: %s", error)
    try:
        yield
    finally:
        await control.aclose()


def _box_status(box: Box) -> BoxStatus:
    engines = box.offer.engines if box.offer else ()
    return BoxStatus(
        box.name,
        box.box_id,
        box.state,
        box.reason,
        str(box.place or ""),
        box.offer.version if box.offer else "",
        box.offer.gpu if box.offer else False,
        tuple(one.engine for one in engines),
        sum(len(one.capabilities.voices) for one in engines),
        box.busy,
        box.seen_at,
    )


def _memory_mb(pids: Sequence[int]) -> dict[int, float]:
    """Resident memory of each process with all that it started. Blocks."""
    found: dict[int, float] = {}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            everybody = [process, *process.children(recursive=True)]
            found[pid] = sum(one.memory_info().rss for one in everybody) / _MEGABYTE
        except psutil.Error:  # just ended
            continue
    return found
