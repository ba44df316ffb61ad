"""Pauser: other programs rest while somebody is being spoken to."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from wyoming_voiceclone.gpu import resumer

_LOGGER = logging.getLogger(__name__)

_RENEW_S = resumer.LEASE_S / 3
_END_S = 5.0


class Pauser:
    """Pauses the processes of this user that are named, and always resumes them.

    Memory stays with them: only computing time is won.
    """

    def __init__(
        self,
        names: Collection[str],
        record: Path,
        *,
        rest_s: float = 2.0,
        longest_s: float = 120.0,
    ) -> None:
        """`names`: of programs or their scripts, or process ids; () pauses nobody.

        `record`: where what is paused is written down. They go on when nobody has been spoken to
        for `rest_s`, and after `longest_s` in any case, until nobody is.
        """
        self._names, self._record = names, record
        self._rest_s, self._longest_s = rest_s, longest_s
        self._listeners = 0
        self._speaking, self._silent = asyncio.Event(), asyncio.Event()
        self._silent.set()

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Somebody listens, for as long as this is open."""
        self._listeners += 1
        self._speaking.set()
        self._silent.clear()
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._speaking.clear()
                self._silent.set()

    async def run(self) -> None:
        """For ever; cancelled, it resumes everybody. What an earlier run left is resumed first."""
        if not hasattr(os, "pidfd_open"):
            if self._names:
                _LOGGER.warning("[gpu] pause: only Linux can do that — nothing is paused")
            return
        with self._told():
            if await asyncio.to_thread(self._record.exists):
                await self._end(await self._begin())
        while self._names:
            await self._speaking.wait()
            within_limits = False
            with self._told():
                within_limits = await self._pause()
            if not within_limits:  # they have waited long enough for this one
                await self._silent.wait()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever goes wrong here, others speak."""
        try:
            yield
        except OSError as error:
            _LOGGER.warning("[gpu] pause: nothing can be paused: %s", error)

    async def _pause(self) -> bool:
        """One pause; whether it ended because nobody listens any more. Raises OSError."""
        process = await self._begin()
        try:
            until, told = time.monotonic() + self._longest_s, -1
            while (left_s := until - time.monotonic()) > 0:
                if process.returncode is not None:  # somebody killed it; the next one resumes first
                    process = await self._begin()
                found = await asyncio.to_thread(processes, self._names)
                if len(found) != told:
                    told = len(found)
                    _LOGGER.debug("%d processes are paused while somebody listens", told)
                await self._tell(process, found)
                if await _within(self._silent, min(_RENEW_S, left_s)) and not await _within(
                    self._speaking, self._rest_s
                ):
                    return True
            return False
        finally:
            await self._end(process)

    async def _begin(self) -> asyncio.subprocess.Process:
        """Raises OSError."""
        await asyncio.to_thread(self._record.parent.mkdir, parents=True, exist_ok=True)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", resumer.__file__, str(self._record)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: it resumes when we are done
        )

    async def _tell(self, process: asyncio.subprocess.Process, found: dict[int, int]) -> None:
        assert process.stdin  # noqa: S101 -- asked for above
        line = " ".join(f"{pid}:{start}" for pid, start in found.items())
        with suppress(ConnectionError):
            process.stdin.write(line.encode() + b"\n")
            await process.stdin.drain()

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Everybody goes on."""
        await _finished(process)
        if await asyncio.to_thread(self._record.exists):  # it was killed
            await _finished(await self._begin())


def processes(names: Collection[str]) -> dict[int, int]:
    """The start of each process of this user that is named, by its id. Blocks.

    Never ourselves, our workers, or those who started us.
    """
    own = psutil.Process()
    spared = {own.pid, *(one.pid for one in [*own.parents(), *own.children(recursive=True)])}
    found: dict[int, int] = {}
    for one in psutil.process_iter(["name", "cmdline"]):
        called = {str(one.pid), one.info["name"]}
        called |= {Path(word).name for word in (one.info["cmdline"] or ())[:2]}
        if one.pid not in spared and called & set(names) and (now := resumer.standing(one.pid)):
            found[one.pid] = now[1]
    return found


async def _within(event: asyncio.Event, limit_s: float) -> bool:
    """Whether it happens so soon."""
    try:
        async with asyncio.timeout(limit_s):
            return await event.wait()
    except TimeoutError:
        return False


async def _finished(process: asyncio.subprocess.Process) -> None:
    assert process.stdin  # noqa: S101 -- asked for when it began
    process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_S):
            await process.wait()
