import json
import logging

import pytest

from wyoming_voiceclone.logs import JsonLines, shown, start_logging


def record(
    message: str, *arguments: object, error: BaseException | None = None
) -> logging.LogRecord:
    about = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(
        "wyoming_voiceclone.app", logging.WARNING, "app.py", 1, message, arguments, about
    )


def test_a_json_line_is_one_object_on_one_line() -> None:
    line = JsonLines().format(record("voice %s\nis new", "ada"))
    told = json.loads(line)
    assert "\n" not in line
    assert told["message"] == "voice ada\nis new"
    assert (told["level"], told["logger"]) == ("warning", "wyoming_voiceclone.app")
    assert told["time"].endswith("+00:00")


def test_a_json_line_carries_the_traceback() -> None:
    error = ValueError("odd").with_traceback(None)
    told = json.loads(JsonLines().format(record("failed", error=error)))
    assert told["traceback"].endswith("ValueError: odd")


def test_other_libraries_are_only_heard_when_something_is_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, ours = logging.getLogger(), logging.getLogger("wyoming_voiceclone")
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(ours, "level", ours.level)
    start_logging("info", "text")
    logging.captureWarnings(capture=False)
    logging.getLogger("zeroconf").info("chatter")
    logging.getLogger("zeroconf").warning("trouble")
    logging.getLogger("wyoming_voiceclone.app").info("listening")
    logging.getLogger("wyoming_voiceclone.app").debug("details")
    told = [line.split(maxsplit=1)[1] for line in capsys.readouterr().err.splitlines()]
    assert told == ["WARNING zeroconf: trouble", "INFO    app: listening"]


def test_a_message_cannot_steer_the_terminal_it_is_read_on() -> None:
    assert shown("voice \x1b[2J\r\x9d'x'\\ ok\n\tmore") == "voice \\x1b[2J\\r\\x9d'x'\\ ok\n\tmore"
