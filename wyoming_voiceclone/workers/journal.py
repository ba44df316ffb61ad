"""Journal: what a worker says, and what is said about it: in the server's log and in its file."""

import asyncio
import logging
from collections import deque
from datetime import datetime
from pathlib import Path

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.logs import shown
from wyoming_voiceclone.workers.log_file import append

_LOGGER = logging.getLogger(__name__)

_WAITING = 2_000
"""Lines; of a disk that is slower than the worker talks, the newest are kept."""
_CLOSING_S = 2.0


class Journal:
    """Logs as `worker.<name>`, and what is logged goes to the file at `path`, too."""

    def __init__(self, name: str, path: Path | None = None) -> None:
        self._name, self._path = name, path
        self._logger = logging.getLogger(f"wyoming_voiceclone.worker.{name}")
        self._waiting: deque[str] = deque(maxlen=_WAITING)
        self._writing: asyncio.Task[None] | None = None
        self._told = False

    def log(self, level: int, message: str) -> None:
        """On the loop; the file is written behind its back."""
        self._logger.log(level, "%s", message)
        if not self._path or not self._logger.isEnabledFor(level):
            return
        time = datetime.now().astimezone().isoformat(" ", "seconds")
        self._waiting.append(f"{time} {logging.getLevelName(level):7} {shown(message)}")
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(self._path))

    async def aclose(self) -> None:
        """Write what waits, within a short time."""
        if self._writing:
            await asyncio.wait({self._writing}, timeout=_CLOSING_S)
            await cancelled(self._writing)

    async def _write(self, path: Path) -> None:
        while self._waiting:
            lines = [*self._waiting]
            self._waiting.clear()
            try:
                await asyncio.to_thread(append, path, lines)
            except FileNotFoundError:
                return  # the engine was just removed, and its log with it
            except OSError as error:
                if not self._told:
                    why = error.strerror or error
                    _LOGGER.warning("%s: its log cannot be kept in %s: %s", self._name, path, why)
                self._told = True
