"""What uv could not do, in one line with a remedy."""

import re
from pathlib import Path
from urllib.parse import urlsplit

_URL = re.compile(r"https?://[^\s`)]+")
_AGAIN = "run it again, what has come is kept"


def told(name: str, output: str, place: Path) -> str:
    """An error's message: the thing, the fact, the remedy. `place` is where it writes to."""
    why = _of_the_disk(output, place) or _of_the_network(output) or _of_the_packages(output)
    return f"{name}: {why}"


def unreachable(output: str) -> str | None:
    """The host that did not answer; None when the network was not to blame."""
    if not re.search(r"error sending request|dns error|client error|timed out|connection", output):
        return None
    if "status code" in output or "certificate" in output or not (url := _URL.search(output)):
        return None
    return urlsplit(url.group()).netloc


def _of_the_disk(output: str, place: Path) -> str | None:
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"the disk of {place} is full — free some space and {_AGAIN}"
    if "Permission denied" in output or "Read-only file system" in output:
        return f"{place} cannot be written — allow it, or choose another [folders] data"
    return None


def _of_the_network(output: str) -> str | None:
    if "invalid peer certificate" in output and (url := _URL.search(output)):
        remedy = "set SSL_CERT_FILE to the certificates of your network"
        return f"the certificate of {urlsplit(url.group()).netloc} is not trusted — {remedy}"
    if host := unreachable(output):
        return f"{host} cannot be reached — see to the network and {_AGAIN}"
    return None


def _of_the_packages(output: str) -> str:
    causes = _causes(output)
    if "No interpreter found" in output or "Could not find a Python" in output:
        return f"{causes[0]} — install Python's venv, or reinstall this program"
    if "No solution found" in output:
        return f"its libraries are not to be had for this machine: {causes[-1].removesuffix('.')}"
    return f"its libraries could not be installed: {': '.join(causes)}"


def _causes(output: str) -> list[str]:
    """From what it wanted to what stopped it."""
    marks = re.compile(r"^\s*(?:error:|cause:|Caused by:|×|╰─▶)\s*(.+)$")
    lines = [found.group(1) for line in output.splitlines() if (found := marks.match(line))]
    return lines or [output.strip().rpartition("\n")[2] or "uv did not say why"]
