"""Turns: the answers to one peer, one after another, and each with an ending."""

import asyncio
import time
from typing import Protocol

from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.servers.wyoming.failures import ServerStopping


class Reply(Protocol):
    """What one request of a peer is answered with."""

    async def give(self) -> None:
        """Answer to the end. Raises PeerGone."""
        ...

    def break_off(self, error: VoiceCloneError) -> None:
        """Say why nothing more comes; for an answer whose `give` was cancelled."""
        ...


class Turns:
    """Gives replies in the order in which they were asked for."""

    def __init__(self, room: int) -> None:
        """`room`: how many may wait behind the one that is given."""
        self.why: VoiceCloneError = ServerStopping("the server is stopping")
        """What those are told that are broken off."""
        self.told = False
        """Whether anybody was."""
        self.ended_at = time.monotonic()
        """When the last one was given to its end."""
        self._waiting: asyncio.Queue[Reply | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(room)
        self._now: Reply | None = None
        self._count = 0

    @property
    def busy(self) -> bool:
        return self._count > 0

    def is_sole(self, reply: Reply | None) -> bool:
        """Whether `reply` is being given, and nothing else waits."""
        return self._count == 1 and self._now is reply

    async def take(self, reply: Reply) -> None:
        """Have a reply given when its turn comes; returns once there is room for it."""
        await self._room.acquire()
        self._count += 1
        self._waiting.put_nowait(reply)

    def finish(self) -> None:
        """End after what was asked for until now."""
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Give everything; whatever is left in the end is broken off. Raises PeerGone."""
        try:
            while reply := await self._waiting.get():
                self._room.release()
                await self._give(reply)
        finally:
            while not self._waiting.empty():
                if left := self._waiting.get_nowait():
                    self._break_off(left)

    async def _give(self, reply: Reply) -> None:
        self._now = reply
        try:
            await reply.give()
        except asyncio.CancelledError:
            self._break_off(reply)
            raise
        self._now = None
        self._count -= 1
        self.ended_at = time.monotonic()

    def _break_off(self, reply: Reply) -> None:
        reply.break_off(self.why)
        self.told = True
