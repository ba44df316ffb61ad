"""Log lines on standard error: text for people, or one JSON object each."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Literal, cast, get_args

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

OWN = "wyoming_voiceclone"
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""By terminals: C0 and C1 (ECMA-48, §5), tab and line feed excepted."""


def start_logging(level: Level, style: Format) -> None:
    """Write our own messages from `level` up, other libraries' from warning up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if style == "json" else _Text())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OWN).setLevel(level.upper())
    logging.captureWarnings(capture=True)


def current_level() -> Level:
    """What our own messages are written from."""
    level = logging.getLogger(OWN).getEffectiveLevel()
    for name in get_args(Level)[:-1]:
        if level <= logging.getLevelNamesMapping()[name.upper()]:
            return cast("Level", name)
    return "error"


def shown(text: str) -> str:
    """The text as a terminal may have it: it may quote a peer, a library, a server elsewhere."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


class _Text(logging.Formatter):
    """`13:08:15 WARNING piper.voices: …`: the package's name goes without saying."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(room)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        record.room = record.name.removeprefix(f"{OWN}.")
        return shown(super().format(record))


class JsonLines(logging.Formatter):
    """One object per line: time (UTC), level, logger, message, and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
