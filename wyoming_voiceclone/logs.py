"""Log lines on standard error: text for people, or one JSON object each."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal, cast, get_args

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

OWN = "wyoming_voiceclone"


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


class _Text(logging.Formatter):
    """`13:08:15 WARNING piper.voices: …`: the package's name goes without saying."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(room)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        record.room = record.name.removeprefix(f"{OWN}.")
        return super().format(record)


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
