"""Resumer: pauses processes, and resumes them whatever becomes of whoever asked for that.

A program of its own, run by its path, with the standard library alone. Lines on standard input are
`PID:START PID:START …`, the processes to pause; a line is a lease, and the end of the input ends
it. What is paused is written down before it is: after a kill -9 of this program, too, the next one
resumes it. Linux only.
"""

import fcntl
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

LEASE_S = 30.0
"""Without a new line for so long, whoever asked hangs, or is paused himself."""
_ASKED = 0  # standard input
_STOPPED = "Tt"


def standing(pid: int) -> tuple[str, int] | None:
    """State and start, in ticks after boot, of a process of this user; None: there is none."""
    try:
        if os.stat(f"/proc/{pid}").st_uid != os.getuid():  # noqa: PTH116 -- alone and quick
            return None
        # the name, in parentheses, may hold anything: proc_pid_stat(5)
        rest = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return rest[0], int(rest[19])
    except (OSError, IndexError, ValueError):
        return None


class Resumer:
    def __init__(self, record: Path) -> None:
        self._record = record
        self._paused: dict[int, int] = {}

    def resume_left(self) -> None:
        """Resume what an earlier run left paused."""
        with suppress(OSError, ValueError):
            self._paused = dict(_pairs(self._record.read_text("utf-8")))
        self.resume()

    def pause(self, wanted: dict[int, int]) -> None:
        """Pause those that run; who was paused by somebody else is that one's business."""
        new = {
            pid: start
            for pid, start in wanted.items()
            if pid not in self._paused
            and (found := standing(pid))
            and found[1] == start
            and found[0] not in _STOPPED
        }
        if new:
            self._paused |= new
            self._write_down()
            for pid, start in new.items():
                _signal(pid, start, signal.SIGSTOP)

    def resume(self) -> None:
        for pid, start in self._paused.items():
            _signal(pid, start, signal.SIGCONT)
        self._paused = {}
        self._record.unlink(missing_ok=True)

    def _write_down(self) -> None:
        new = self._record.with_name(f"{self._record.name}.{os.getpid()}.new")
        new.write_text(" ".join(f"{pid}:{start}" for pid, start in self._paused.items()), "utf-8")
        new.replace(self._record)


def _signal(pid: int, start: int, number: signal.Signals) -> None:
    """Through a descriptor: between looking and signalling, its number may become another's."""
    with suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if (found := standing(pid)) and found[1] == start:
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)


def _pairs(line: str) -> list[tuple[int, int]]:
    """Raises ValueError."""
    pairs = []
    for part in line.split():
        pid, start = part.split(":")
        pairs.append((int(pid), int(start)))
    return pairs


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def main(record: Path) -> None:
    """Return when standard input has ended; nothing is paused then.

    Return at once where another one is at work for the same `record`: what is written there is its.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    with record.with_name(f"{record.name}.lock").open("w") as alone, suppress(BlockingIOError):
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _work(Resumer(record))


def _work(resumer: Resumer) -> None:
    told = b""
    try:
        resumer.resume_left()
        while True:
            if not select.select([_ASKED], [], [], LEASE_S)[0]:
                resumer.resume()
                continue
            if not (part := os.read(_ASKED, 65536)):
                break
            *lines, told = (told + part).split(b"\n")
            if lines:
                resumer.pause(dict(_pairs(lines[-1].decode())))
    finally:
        resumer.resume()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
