"""Boxes: all those that a home is paired with, and their engines among its backends."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.boxes.announcement import addresses_of, id_of
from wyoming_voiceclone.boxes.box import Box
from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.forgetting import Forgetting
from wyoming_voiceclone.boxes.joining import Joining
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes
from wyoming_voiceclone.boxes.memory import BoxMemory
from wyoming_voiceclone.discovery import Announced
from wyoming_voiceclone.errors import BackendError, ConfigError
from wyoming_voiceclone.voices import engine_of, state_key

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Joined:
    """An engine of a box."""

    box: Box
    backend: PeerBackend
    gpu: bool


class Boxes:
    """A box joins when it is paired, and stays, awake or asleep, until it is forgotten."""

    def __init__(
        self,
        data: Path,
        cache: Path,
        joining: Joining,
        static: Mapping[str, Address] | None = None,
        missed: Callable[[Box], None] = lambda _: None,
        look_s: float = 2.0,
    ) -> None:
        """`static`: where boxes are that mDNS does not tell of, by name.

        `missed`: told each time when a box was wanted while it was gone. `look_s`: how often to
        look who was paired or forgotten.
        """
        self._known, self._memory = KnownBoxes(data), BoxMemory(cache / "boxes")
        self._forgetting = Forgetting(data)
        self._joining, self._static, self._missed = joining, static or {}, missed
        self._boxes: dict[str, Box] = {}  # by id, as all that follow
        self._visits: dict[str, asyncio.Task[None]] = {}
        self._errands: dict[str, asyncio.Task[None]] = {}
        self._up: set[str] = set()
        self._joined: dict[str, _Joined] = {}  # by the backend's name
        self._services: dict[str, Announced] = {}
        self._changed, self._look_s = asyncio.Event(), look_s
        self._stamp: tuple[int, ...] | None = None

    @property
    def all(self) -> Sequence[Box]:
        return sorted(self._boxes.values(), key=lambda box: box.name)

    def announced(self, name: str, service: Announced | None) -> None:
        """A box tells the LAN that it is there, or elsewhere; None: that it goes."""
        before = self._services.pop(name, None)
        if service is not None and id_of(service):
            self._services[name] = service
        for one in filter(None, (before, service)):
            if (box := self._boxes.get(id_of(one) or "")) is not None:
                self._tell_places(box)

    async def run(self) -> None:
        """Keep in touch with all of them, for ever; cancel to stop."""
        try:
            while True:
                self._changed.clear()
                try:
                    await self._look()
                    for box in list(self._boxes.values()):
                        await self._settle(box)
                except Exception:  # the next round may do better
                    _LOGGER.exception("a fault while looking after the boxes")
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._look_s):
                        await self._changed.wait()
        finally:
            for box_id in list(self._boxes):
                await self._part(box_id)

    async def _look(self) -> None:
        """Who is paired now, when that has changed."""
        if (stamp := await asyncio.to_thread(self._known.stamp)) == self._stamp:
            return
        self._stamp = stamp
        try:
            found = await asyncio.to_thread(self._known.read)
        except ConfigError as error:
            _LOGGER.warning("boxes stay as they were: %s", error)
            return
        for name in self._static.keys() - {one.name for one in found}:
            remedy = "run `wyoming-voiceclone boxes pair KEY --name` with the key that it gives"
            _LOGGER.warning("[boxes] static: no box is paired as %s — %s", name, remedy)
        wanted = {one.key.box_id: self._placed(one) for one in found}
        for box_id, box in list(self._boxes.items()):
            if wanted.get(box_id) != box.known:
                await self._part(box_id)
                if box_id not in wanted:
                    await asyncio.to_thread(self._memory.drop, box_id)
        for box_id, known in wanted.items():
            if box_id not in self._boxes:
                await self._take(known)

    def _placed(self, known: KnownBox) -> KnownBox:
        return replace(known, address=self._static.get(known.name, known.address))

    async def _take(self, known: KnownBox) -> None:
        box_id = known.key.box_id
        met = await asyncio.to_thread(self._memory.recall, box_id)
        box = Box(known, met, self._changed.set, lambda: self._missed(box))
        self._boxes[box_id] = box
        self._tell_places(box)
        self._visits[box_id] = asyncio.create_task(box.run(), name=f"box {box.name}")

    def _tell_places(self, box: Box) -> None:
        services = [one for one in self._services.values() if id_of(one) == box.box_id]
        box.announced(tuple(place for one in services for place in addresses_of(one)))

    async def _part(self, box_id: str) -> None:
        box = self._boxes.pop(box_id)
        self._up.discard(box_id)
        for task in (self._errands.pop(box_id, None), self._visits.pop(box_id)):
            if task:
                await cancelled(task)
        for name, joined in list(self._joined.items()):
            if joined.box is box:
                await self._dismiss(name)
        await box.aclose()

    async def _settle(self, box: Box) -> None:
        """Have its engines joined as it offers them, and it told what to forget."""
        if box.offer is None:
            return
        await self._join(box)
        is_up = box.address is not None
        if is_up != (box.box_id in self._up):
            (self._up.add if is_up else self._up.discard)(box.box_id)
            if box.met:
                await asyncio.to_thread(self._memory.keep, box.box_id, box.met)
            for name, joined in self._joined.items():
                if is_up and joined.box is box:
                    self._joining.arrived(name)
        if is_up:
            await self._send(box)

    async def _join(self, box: Box) -> None:
        offer = box.offer
        assert offer is not None  # noqa: S101 -- asked by the caller
        hellos = {f"{hello.engine}@{box.name}": hello for hello in offer.engines}
        for name, joined in list(self._joined.items()):
            if joined.box is box and name not in hellos:
                await self._dismiss(name)
        for name, hello in hellos.items():
            joined = self._joined.get(name) or self._made(box, name)
            joined.backend.know(hello)
            if joined.gpu != offer.gpu or name not in self._joined:
                joined.gpu = offer.gpu
                self._joined[name] = joined
                self._joining.join(joined.backend, gpu=offer.gpu)

    def _made(self, box: Box, name: str) -> _Joined:
        dial = partial(box.dialer.link, engine_of(name))
        return _Joined(box, PeerBackend(name, "", dial=dial), gpu=False)

    async def _dismiss(self, name: str) -> None:
        self._joining.leave(name)
        await self._joined.pop(name).backend.aclose()

    async def _send(self, box: Box) -> None:
        """Let it know, in the background, whose voices were removed."""
        errand = self._errands.get(box.box_id)
        if errand is None or errand.done():
            digests = await asyncio.to_thread(self._forgetting.pending, box.box_id)
            if digests:
                errand = asyncio.create_task(self._tell(box, digests), name=f"tell {box.name}")
                self._errands[box.box_id] = errand

    async def _tell(self, box: Box, digests: Sequence[str]) -> None:
        for joined in [one for one in self._joined.values() if one.box is box]:
            peer = joined.backend
            if peer.capabilities().clones:
                keys = [state_key(digest, peer.name, peer.revision) for digest in digests]
                try:
                    await peer.forget(keys)
                except BackendError as error:
                    _LOGGER.info("%s was not told whom to forget: %s", peer.name, error)
                    return
        await asyncio.to_thread(self._forgetting.told, box.box_id, digests)
        _LOGGER.info("box %s has forgotten %d removed recordings", box.name, len(digests))
