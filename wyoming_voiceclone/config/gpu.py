"""The table of config.toml about this machine's GPU."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from wyoming_voiceclone.config.table import Names, Table


def _origin(url: str) -> str:
    """Where a server is, and nothing else."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_one = False
    if url and (not is_one or "@" in url or parts.path.strip("/") or parts.query or parts.fragment):
        raise ValueError(f'{url} — write "http://127.0.0.1:11434"')
    return url


Megabytes = Annotated[int, Field(ge=0, le=10_000_000)]


class GpuSettings(Table):
    """This machine's GPU, which other programs use, too (docs/gpu.md)."""

    share: bool = True
    """Whether room is made on it before an engine loads; else engines load or fail as they can."""
    headroom_mb: Megabytes = 300
    """Kept free beside what an engine takes, in megabytes: for the screen, and for others."""
    ollama: Annotated[str, AfterValidator(_origin)] = "http://127.0.0.1:11434"
    """Where Ollama is: it unloads models when an engine needs the room; "" leaves it alone."""
    pause: Names = ()
    """Programs of the server's user that rest while somebody is being spoken to, by the name of
    the program or its script: ["train.py"]. They keep their memory."""
    memory_mb: dict[str, Megabytes] = Field(default_factory=dict)
    """What engines take of it where that differs from what they declare (`gpu status` tells):
    csm = 5200."""
