"""What uv could not do, in one line with a remedy."""

import re
from pathlib import Path
from urllib.parse import urlsplit

_URL = re.compile(r"https?://[^\s`)]+")
_AGAIN = "run it again, what has come is kept"


def told(name: str, output: str, place: Path) -> str:
    """An error's message: the thing, the fact, the remedy. `place` is where it writes to."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"{name}: the disk of {place} is full — free some space and {_AGAIN}"
    if host := unreachable(output):
        return f"{name}: {host} cannot be reached — see to the network and {_AGAIN}"
    causes = _causes(output)
    if "No interpreter found" in output or "Could not find a Python" in output:
        return f"{name}: {causes[0]} — install Python's venv, or reinstall this program"
    if "No solution found" in output:
        why = causes[-1].removesuffix(".")
        return f"{name}: its libraries are not to be had for this machine: {why}"
    if "Permission denied" in output or "Read-only file system" in output:
        return f"{name}: {place} cannot be written — allow it, or choose another [folders] data"
    return f"{name}: its libraries could not be installed: {': '.join(causes)}"


def unreachable(output: str) -> str | None:
    """The host that did not answer; None when the network was not to blame."""
    if not re.search(r"error sending request|dns error|client error|timed out|connection", output):
        return None
    if "status code" in output or not (url := _URL.search(output)):
        return None
    return urlsplit(url.group()).netloc


def _causes(output: str) -> list[str]:
    """From what it wanted to what stopped it."""
    marks = re.compile(r"^\s*(?:error:|cause:|Caused by:|×|╰─▶)\s*(.+)$")
    lines = [found.group(1) for line in output.splitlines() if (found := marks.match(line))]
    return lines or [output.strip().rpartition("\n")[2] or "uv did not say why"]
