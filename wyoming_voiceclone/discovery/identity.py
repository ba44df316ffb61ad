"""Identity: a short name of this installation that no other one has and no restart changes."""

import hashlib
import logging
import os
import re
import secrets
import socket
import uuid
from pathlib import Path

_LOG = logging.getLogger(__name__)
_FILE = "instance-id"


def identity(folder: Path) -> str:
    """8 hexadecimal digits, kept in `folder`. Blocking.

    Where they cannot be kept, they come from the host's name and hardware address.
    """
    path = folder / _FILE
    try:
        return _read(path) or _created(path)
    except OSError as error:
        _LOG.debug("%s cannot be used (%s)", path, error)
        host = f"{socket.gethostname()} {uuid.getnode()}"
        return hashlib.sha256(host.encode()).hexdigest()[:8]


def _read(path: Path) -> str | None:
    try:
        text = path.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return text if re.fullmatch(r"[0-9a-f]{8}", text) else None


def _created(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{_FILE}.{os.getpid()}.tmp")
    fresh = secrets.token_hex(4)
    temporary.write_text(fresh, "ascii")
    temporary.replace(path)
    return fresh
