"""Box: another machine as a home sees it: one standing link, and what comes over it."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from wyoming_voiceclone.backends.peer.link import Link, PeerLimits
from wyoming_voiceclone.boxes.dialer import Address, Dialer
from wyoming_voiceclone.boxes.handshake import Refused
from wyoming_voiceclone.boxes.known import KnownBox
from wyoming_voiceclone.boxes.memory import Met
from wyoming_voiceclone.boxes.messages import (
    BEAT_S,
    ENGINES,
    LOAD,
    SILENCE_S,
    Offer,
    read_load,
    read_offer,
)
from wyoming_voiceclone.errors import BackendUnavailable, ProtocolError
from wyoming_voiceclone.wire import PeerGone
from wyoming_voiceclone.workers.back_off import BackOff

_LOGGER = logging.getLogger(__name__)

State = Literal["up", "gone", "not paired"]
_BETWEEN_S = 1.0
"""Between two visits, however many announcements and wishes there are."""
_CONNECT_S = 1.5
"""Somebody may be listening to silence meanwhile; a lost SYN is sent again after 1 s."""
_DOUBTED_S = 2 * BEAT_S
"""Silent for so long, a box is not asked for a new link: that would hardly come."""


class Box:
    """While its standing link is there it is up; else whoever wants it is refused at once."""

    def __init__(
        self,
        known: KnownBox,
        met: Met | None,
        changed: Callable[[], None],
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        """`met`: how it was the last time. `changed`: told when it comes, goes, or offers else.

        `missed`: told each time when it was wanted while it was gone.
        """
        self.known, self.name, self.box_id = known, known.name, known.key.box_id
        self.offer: Offer | None = met.offer if met else None
        self.seen_at: float | None = met.at if met else None
        """When it was there last; seconds since 1970."""
        self.address: Address | None = None
        """Where it is reached; None while it is not."""
        self.busy, self.reason, self.refused = 0, "", False
        self._told: set[str] = set()  # reasons, since it was here last
        self._announced: tuple[Address, ...] = ()
        self._last = met.address if met else None
        self._changed, self._wanted_in_vain = changed, missed
        self._news = asyncio.Event()
        self._back_off = BackOff()
        self._beat_at = 0.0
        limits = PeerLimits(connect_s=_CONNECT_S)
        self.dialer = Dialer(self.name, known.key, self._reachable, limits, self._missed)

    @property
    def state(self) -> State:
        if self.address:
            return "up"
        return "not paired" if self.refused else "gone"

    @property
    def place(self) -> Address | None:
        """Where it is, or was when it was there."""
        return self.address or self._last

    @property
    def met(self) -> Met | None:
        """What to remember of it."""
        if self.offer is None or self.seen_at is None or self._last is None:
            return None
        return Met(self.offer, self._last, self.seen_at)

    def announced(self, addresses: tuple[Address, ...]) -> None:
        """It says that it is there, or () that it goes: no more than a hint."""
        if addresses != self._announced or (addresses and not self.address):
            self._announced = addresses
            self._back_off = BackOff()
            self._news.set()

    async def run(self) -> None:
        """Keep the standing link for ever; cancel to stop."""
        while True:
            self._news.clear()
            try:
                await self._visit()
            except Exception:
                _LOGGER.exception("%s: a fault while it was visited", self.name)
            self._back_off.failed(self.reason)
            await asyncio.sleep(_BETWEEN_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._back_off.left_s):
                    await self._news.wait()

    async def aclose(self) -> None:
        self.address = None
        await self.dialer.drop()
        await self.dialer.aclose()

    def _reachable(self) -> Address | None:
        is_doubted = time.monotonic() - self._beat_at > _DOUBTED_S
        return None if is_doubted else self.address

    def _missed(self) -> None:
        self._news.set()
        self._wanted_in_vain()

    def _places(self) -> list[Address]:
        """Where to look for it, the likeliest first."""
        told = [self.known.address, *self._announced, self._last]
        return list(dict.fromkeys(place for place in told if place))

    async def _visit(self) -> None:
        """Return when it has gone, or was not to be found."""
        self.refused = False
        if not (places := self._places()):
            self._failed("is not seen on the network — is it on? Else pair it with --address")
        for place in places:
            try:
                link = await self.dialer.watch(place)
            except (BackendUnavailable, PeerGone) as error:
                self.refused |= isinstance(error, Refused)
                self._failed(str(error).removeprefix(f"{self.name}: "))
                continue
            try:
                await self._stay(link, place)
            finally:
                await link.aclose()
            return

    async def _stay(self, link: Link, place: Address) -> None:
        try:
            while True:
                event = await link.receive(SILENCE_S)
                self.seen_at, self._beat_at = time.time(), time.monotonic()
                if event.type == ENGINES:
                    self._arrived(read_offer(event), place)
                elif event.type == LOAD:
                    self.busy = read_load(event)
        except (PeerGone, ProtocolError) as error:
            self._failed(str(error))
        except TimeoutError:
            self._failed(f"said nothing for {SILENCE_S:.0f} s")
        finally:
            await self._left()

    def _arrived(self, offer: Offer, place: Address) -> None:
        if not self.address:
            names = ", ".join(one.engine for one in offer.engines) or "no engine"
            _LOGGER.info("box %s is here, at %s: %s", self.name, place, names)
        self.offer, self.address, self._last, self.reason = offer, place, place, ""
        self._back_off = BackOff()
        self._told.clear()
        self._changed()

    async def _left(self) -> None:
        if self.address:
            self.address, self.busy = None, 0
            _LOGGER.info("box %s has gone: %s", self.name, self.reason or "we are leaving")
            self._changed()
        await self.dialer.drop()

    def _failed(self, reason: str) -> None:
        if reason not in self._told and not self.address:
            self._told.add(reason)
            level = logging.WARNING if self.refused else logging.INFO
            _LOGGER.log(level, "box %s: %s", self.name, reason)
        self.reason = reason
