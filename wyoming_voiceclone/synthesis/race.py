"""Race: several begin, in order of preference, and one of them is heard."""

import asyncio
import logging
from dataclasses import dataclass, field

from wyoming_voiceclone.audio.loudness import LoudnessBook
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest, NoBackend
from wyoming_voiceclone.synthesis.attempt import Closing, Runner, attempt, fault
from wyoming_voiceclone.synthesis.deadlines import RouterLimits, first_deadline
from wyoming_voiceclone.synthesis.lineup import Lineup, Memory, ahead_s

_LOGGER = logging.getLogger(__name__)

_MOST = 3
"""Begin one sentence beside each other."""


class Allowance:
    """Hedges are for exceptions: one for ten sentences, and three more after quiet times."""

    def __init__(self, share: float = 0.1, most: float = 3.0) -> None:
        self._share, self._most = share, most
        self._left = most

    def earn(self) -> None:
        """A sentence was asked for."""
        self._left = min(self._most, self._left + self._share)

    def take(self) -> bool:
        """Whether there may be one more."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class Means:
    """What all the sentences of a router share."""

    limits: RouterLimits
    allowance: Allowance = field(default_factory=Allowance)
    closing: Closing = field(default_factory=Closing)
    loudness: LoudnessBook = field(default_factory=LoudnessBook)
    """Where followers look up how loud they are beside whoever began."""
    told: set[tuple[str, str]] = field(default_factory=set)
    """The changes of voice that are in the log."""


class Race:
    """The preferred one is heard if it is there in time, else whoever is there first."""

    def __init__(
        self,
        lineup: Lineup,
        means: Means,
        memory: Memory,
        *,
        text: str = "",
        speaking: Runner | None = None,
    ) -> None:
        """`text`: what is left of the sentence when `speaking` has begun it.

        That one is waited for, too; its task may be done.
        """
        self._lineup, self._means, self._memory, self._text = lineup, means, memory, text
        self._speaking = speaking
        self._running: list[Runner] = [speaking] if speaking else []
        self.closings: list[asyncio.Task[None]] = []
        """Of those that are not heard."""

    async def run(self) -> Runner:
        """Who is heard; its task is done, and the caller closes it.

        Raises NoBackend when nobody could, BadRequest when it cannot be done.
        """
        winner = None
        try:
            while (winner := self._settled()) is None:
                self._start_who_is_due()
                pending = [each.task for each in self._running if not each.task.done()]
                if pending:
                    await asyncio.wait(
                        pending, timeout=self._wait_s(), return_when=asyncio.FIRST_COMPLETED
                    )
            return winner
        finally:
            for each in [each for each in self._running if each is not winner]:
                self._drop(each, winner)
            if winner is None:
                await self._means.closing.settle(self.closings)

    def _settled(self) -> Runner | None:
        """Take out who failed; whoever is heard now, if that is certain."""
        for each in list(self._running):
            if each.task.done() and (error := fault(each.task)) is not None:
                self._failed(each, error)
            elif not each.task.done() and each.waited_s >= each.most_s:
                self._failed(each, TimeoutError() if each.is_seated else _full(each))
        for each in self._running:
            if each.task.done():
                return each
            if not each.is_late:
                return None
        return None

    def _start_who_is_due(self) -> None:
        waiting = self._lineup.peek()
        if waiting is None or len(self._running) >= _MOST:
            if not self._running:
                raise NoBackend("nobody is left")
        elif not self._running:
            self._start(is_hedge=False)
        elif self._is_due(self._running[-1]):
            self._start(is_hedge=True)

    def _is_due(self, last: Runner) -> bool:
        """Whether somebody should begin beside the last one."""
        if last.task.done() or last.waited_s < last.deadline.hedge_s:
            return False
        return last.is_late or self._means.allowance.take()

    def _start(self, *, is_hedge: bool) -> None:
        entry = self._lineup.take()
        most_s = self._means.limits.first_chunk_s
        ahead = ahead_s(entry.candidate.request)
        deadline = first_deadline(entry, self._lineup.peek(), ahead, most_s)
        if self._text:
            entry = entry.saying(self._text)
        if is_hedge:
            entry.standing.tally.hedges += 1
        self._running.append(attempt(entry, deadline, most_s, is_hedge=is_hedge))

    def _wait_s(self) -> float:
        """Until somebody is due, late, or has failed."""
        moments = [
            at - each.waited_s
            for each in self._running
            if not each.task.done()
            for at in (each.deadline.hedge_s, each.deadline.late_s, each.most_s)
        ]
        return min((moment for moment in moments if moment > 0), default=0.0) + 0.001

    def _drop(self, runner: Runner, winner: Runner | None) -> None:
        standing = runner.entry.standing
        standing.tally.wasted_s += runner.waited_s
        self.closings.append(self._means.closing.close(runner))
        if runner.is_hedge and (winner is None or self._is_before(winner, runner)):
            standing.tally.hedges_dropped += 1
            self._lineup.put_back(runner.entry)
        elif winner is not None:
            self._was_late(runner)

    def _is_before(self, one: Runner, other: Runner) -> bool:
        return self._running.index(one) < self._running.index(other)

    def _was_late(self, runner: Runner) -> None:
        entry, standing = runner.entry, runner.entry.standing
        if runner is self._speaking:
            self._broke_off(runner, TimeoutError())
            return
        if not runner.is_seated:
            return
        standing.tally.late += 1
        standing.health.was_late()
        entry.pace.began(runner.waited_s, entry.chars)  # at least so long
        _LOGGER.info("%s: no sound after %.2f s", standing.name, runner.waited_s)

    def _failed(self, runner: Runner, error: BaseException) -> None:
        self._running.remove(runner)
        standing = runner.entry.standing
        self.closings.append(self._means.closing.close(runner))
        if runner is self._speaking:
            self._broke_off(runner, error)
        elif isinstance(error, BadRequest) and not self._running and not self._speaking:
            raise error  # the client's to repair: nobody else would do better
        elif isinstance(error, (BackendUnavailable, BadRequest)):
            # a prompt refusal cost nothing: it is believed for this sentence only
            standing.refused(str(error))
        else:
            self._broke_down(runner, error)

    def _broke_down(self, runner: Runner, error: BaseException) -> None:
        """Before its first sound."""
        standing = runner.entry.standing
        standing.tally.failed += 1
        standing.health.failed()
        if isinstance(error, TimeoutError):
            _LOGGER.warning("%s: no sound within %.1f s", standing.name, runner.most_s)
        else:
            _LOGGER.error("%s: failed before its first sound", standing.name, exc_info=error)

    def _broke_off(self, runner: Runner, error: BaseException) -> None:
        """Inside a sentence."""
        standing = runner.entry.standing
        standing.tally.failed += 1
        standing.health.failed()
        self._memory.failed(standing.name)
        fact = "stalled" if isinstance(error, TimeoutError) else str(error) or repr(error)
        expected = isinstance(error, (BackendError, TimeoutError))
        _LOGGER.warning(
            "%s: broke off inside a sentence (%s)",
            standing.name,
            fact,
            exc_info=None if expected else error,
        )


def _full(runner: Runner) -> BackendUnavailable:
    standing = runner.entry.standing
    return BackendUnavailable(f"busy with {standing.in_flight} sentences")
