"""Waker: knows how sleeping boxes are woken, and wakes those that are wanted."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.boxes.certificate import write_private
from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.magic import PORTS, Route, magic_packet, routes, send
from wyoming_voiceclone.boxes.neighbours import mac_in, neighbour

_LOGGER = logging.getLogger(__name__)

_AGAIN_S = 60.0
"""Between two wakes of one box: what it takes to be there."""
_AT_S = (0.0, 0.5, 2.0)
"""When each of the packets goes: UDP may lose one."""
_LOOK_S = 10.0
_LOOKS = 12
"""Whoever is not among the neighbours after two minutes is behind a router."""
_MACS = TypeAdapter(dict[str, str])


class Sleeper(Protocol):
    """A box that may sleep."""

    @property
    def name(self) -> str: ...

    @property
    def box_id(self) -> str: ...

    @property
    def address(self) -> Address | None:
        """Where it is reached; None while it is not."""
        ...

    @property
    def place(self) -> Address | None:
        """Where it is, or was when it was there."""
        ...


class MacBook:
    """`<data>/macs.json`: the hardware addresses of boxes, learnt while they were awake."""

    def __init__(self, data: Path) -> None:
        self._path = data / "macs.json"

    def read(self) -> Mapping[str, str]:
        """By box id; what cannot be read is learnt again. Blocks."""
        try:
            told = _MACS.validate_json(self._path.read_bytes(), strict=True)
        except (OSError, ValidationError):
            return {}
        return {box_id: mac for box_id, text in told.items() if (mac := mac_in(text))}

    def learn(self, box_id: str, mac: str) -> bool:
        """Whether that is news. Blocks."""
        if (known := self.read()).get(box_id) == mac:
            return False
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, json.dumps({**known, box_id: mac}, indent=1).encode())
        except OSError as error:
            _LOGGER.warning("%s: %s — make it writable", self._path, error.strerror)
            return False
        return True


@dataclass(frozen=True, slots=True)
class Way:
    """How packets leave."""

    routes: Callable[[str | None], Sequence[Route]] = routes
    ports: Sequence[int] = PORTS
    at_s: Sequence[float] = _AT_S


class Waker:
    """At most one wake per box and minute, however many want it."""

    def __init__(
        self,
        book: MacBook,
        written: Mapping[str, str] | None = None,
        way: Way | None = None,
        *,
        again_s: float = _AGAIN_S,
    ) -> None:
        """`written`: hardware addresses that the owner wrote down, by the box's name."""
        self._book, self._written, self._way = book, written or {}, way or Way()
        self._again_s = again_s
        self._woken: dict[str, float] = {}
        self._waking: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()
        self._looks: Counter[tuple[str, Address]] = Counter()
        self._settled: set[tuple[str, Address]] = set()

    def wake(self, box: Sleeper) -> None:
        """In the background; returns at once."""
        now = time.monotonic()
        if box.address or now - self._woken.get(box.box_id, -self._again_s) < self._again_s:
            return
        self._woken[box.box_id] = now
        task = asyncio.get_running_loop().create_task(self._wake(box), name=f"wake {box.name}")
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def mac(self, box: Sleeper) -> str | None:
        """What is written down for it, or was learnt."""
        written = mac_in(self._written.get(box.name, ""))
        return written or (await asyncio.to_thread(self._book.read)).get(box.box_id)

    async def call(self, box: Sleeper, mac: str) -> int:
        """Send all packets, now; how many left this machine."""
        packet, way, gone_s, sent = magic_packet(mac), self._way, 0.0, 0
        ways = await asyncio.to_thread(way.routes, box.place.host if box.place else None)
        for at_s in way.at_s:
            await asyncio.sleep(at_s - gone_s)
            gone_s = at_s
            sent += await asyncio.to_thread(send, packet, ways, way.ports)
        return sent

    async def learn(self, boxes: Callable[[], Iterable[Sleeper]]) -> None:
        """For ever: learn the addresses of those that are awake; cancel to stop."""
        while True:
            for box in list(boxes()):
                await self._meet(box)
            await asyncio.sleep(_LOOK_S)

    async def aclose(self) -> None:
        for task in list(self._waking):
            await cancelled(task)

    async def _meet(self, box: Sleeper) -> None:
        """Until it is known, or cannot be; who moved may have another card."""
        if (place := box.address) is None or (met := (box.box_id, place)) in self._settled:
            return
        self._looks[met] += 1
        mac = await neighbour(place.host)
        if mac or self._looks[met] >= _LOOKS:
            self._settled.add(met)
        if mac is not None and await self._keep(box, mac):
            _LOGGER.info("box %s can be woken: its hardware address is %s", box.name, mac)

    async def _keep(self, box: Sleeper, mac: str) -> bool:
        return await asyncio.to_thread(self._book.learn, box.box_id, mac)

    async def _wake(self, box: Sleeper) -> None:
        if (mac := await self.mac(box)) is None:
            if box.box_id not in self._told:
                self._told.add(box.box_id)
                remedy = "start it once while this runs, or write it in [boxes.macs]"
                _LOGGER.info("box %s: its hardware address is not known — %s", box.name, remedy)
            return
        _LOGGER.info("box %s is wanted, and is being woken (%s)", box.name, mac)
        if not await self.call(box, mac):
            _LOGGER.warning("box %s: no packet to wake it left this machine", box.name)
