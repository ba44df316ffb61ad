"""A worker's log lines, logged again as this server's own."""

import asyncio
import json
import logging
from typing import Any

from wyoming_voiceclone.workers.journal import Journal

_LONGEST = 8_192
"""Bytes of one line; progress bars and dumps have no right to more."""
_LEVELS = {name.lower(): level for name, level in logging.getLevelNamesMapping().items()}


class RelayedLog:
    """Reads standard error of a worker, to its end."""

    def __init__(self, journal: Journal) -> None:
        self.last = ""
        """The last line that was no log message: as a rule what an interpreter died of."""
        self._journal = journal

    async def relay(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while block := await stream.read(_LONGEST):
            *lines, rest = (rest + block).replace(b"\r", b"\n").split(b"\n")
            rest = rest[-_LONGEST:]
            for line in lines:
                self._log(line.decode(errors="replace").rstrip())
        self._log(rest.decode(errors="replace").rstrip())

    def _log(self, line: str) -> None:
        if message := _message(line):
            text = "\n".join(filter(None, (message["message"], message.get("traceback"))))
            self._journal.log(_LEVELS.get(message["level"], logging.INFO), text)
        elif line:
            self.last = line[:300]
            self._journal.log(logging.DEBUG, line)  # a library's print; it may hold what is said


def _message(line: str) -> dict[str, Any] | None:
    """What `logs.JsonLines` wrote; None for anything else."""
    if not line.startswith("{"):
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    ours = isinstance(message, dict) and all(
        isinstance(message.get(key, other), str)
        for key, other in (("level", None), ("message", None), ("traceback", ""))
    )
    return message if ours else None
