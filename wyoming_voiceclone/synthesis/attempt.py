"""Attempts: work on a sentence that somebody waits for, and that may turn out not to be needed."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wyoming_voiceclone.aio import cancelled, now
from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.errors import BackendError
from wyoming_voiceclone.synthesis.deadlines import Deadline
from wyoming_voiceclone.synthesis.lineup import Entry

_LOGGER = logging.getLogger(__name__)

_SETTLE_S = 0.1
"""A sentence waits so long for what it gave up; then the router does."""


@dataclass(eq=False, slots=True)
class Runner:
    """Whoever is waited for: `task` ends when there is something to hear."""

    entry: Entry
    task: asyncio.Future[Any]
    deadline: Deadline
    most_s: float
    """Then it has failed."""
    stream: AudioStream | None = None
    """What it speaks, once it does."""
    is_hedge: bool = False
    """Whether it was begun beside another one."""
    is_seated: bool = True
    """Whether it was let in; False: all its backend's seats are taken."""
    started: float = field(default_factory=now)

    @property
    def waited_s(self) -> float:
        return now() - self.started

    @property
    def is_late(self) -> bool:
        return self.waited_s >= self.deadline.late_s

    def goes_on(self, task: asyncio.Future[Any], deadline: Deadline, most_s: float) -> None:
        """It speaks, and is waited for again: for its next chunk."""
        self.task, self.deadline, self.most_s = task, deadline, most_s
        self.started, self.is_hedge = now(), False

    async def aclose(self) -> None:
        """Stop, and give everything back; safe to call twice."""
        await cancelled(self.task)
        fault(self.task)  # whoever wanted to know has looked
        stream, self.stream = self.stream, None
        try:
            if stream is not None:
                await stream.aclose()
        finally:
            if self.is_seated:
                self.is_seated = False
                self.entry.standing.leave()


def attempt(entry: Entry, deadline: Deadline, most_s: float, *, is_hedge: bool = False) -> Runner:
    """Begin a sentence; whoever calls closes it."""
    seated = entry.standing.try_enter()  # now: who is asked next must see that it is taken
    begun: list[Runner] = []
    work = _begin(entry, begun)
    task = asyncio.get_running_loop().create_task(work, name=f"begin {entry.standing.name}")
    begun.append(Runner(entry, task, deadline, most_s, is_hedge=is_hedge, is_seated=seated))
    return begun[0]


async def _begin(entry: Entry, begun: Sequence[Runner]) -> None:
    """Return once the first chunk is there. A seat is held until the runner is closed."""
    runner, standing, candidate = begun[0], entry.standing, entry.candidate
    if not runner.is_seated:
        await standing.enter()
        runner.is_seated = True
    load, started = standing.in_flight - 1, now()
    runner.stream = stream = await candidate.backend.synthesize(candidate.request)
    if not stream.replayed:
        for pace in (entry.pace, standing.pace):
            pace.began(now() - started, entry.chars, load)


async def _closed(runner: Runner) -> None:
    try:
        await runner.aclose()
    except Exception:
        _LOGGER.exception("%s: a fault while it was stopped", runner.entry.standing.name)


def fault(task: asyncio.Future[Any]) -> BaseException | None:
    """What a task that is done failed with."""
    return BackendError("was cancelled from within") if task.cancelled() else task.exception()


class Closing:
    """Owns what is being closed, so that nobody who listens waits for it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self, runner: Runner) -> asyncio.Task[None]:
        """Stop it in the background."""
        task = asyncio.get_running_loop().create_task(_closed(runner), name="closing")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        """Wait until they are over, but not for long."""
        if pending := [task for task in tasks if not task.done()]:
            await asyncio.wait(pending, timeout=_SETTLE_S)

    def goes_on(self, task: asyncio.Future[Any], deadline: Deadline, most_s: float) -> None:
        """It speaks, and is waited for again: for its next chunk."""
        self.task, self.deadline, self.most_s = task, deadline, most_s
        self.started, self.is_hedge = now(), False

    async def aclose(self) -> None:
        """Wait for all of it."""
        while self._tasks:
            await asyncio.wait(self._tasks)
