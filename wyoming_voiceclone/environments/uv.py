"""Running uv: it makes environments, and fills them."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

from wyoming_voiceclone.environments.screen import Screen, own_screen
from wyoming_voiceclone.environments.uv_errors import told
from wyoming_voiceclone.errors import InstallError

_OF_PIP: Mapping[str, str] = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
    "PIP_DEFAULT_TIMEOUT": "UV_HTTP_TIMEOUT",
}
_LISTS = {"PIP_FIND_LINKS"}
"""Separated by spaces for pip, by commas for uv."""


class UvError(InstallError):
    """With all that uv wrote."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True, slots=True)
class Uv:
    """uv, working for one engine."""

    name: str
    """The engine's, for what is told."""
    cache: Path
    """On the file system of the environments, so that they share files with it and each other."""
    say: Callable[[str], None]
    """Told uv's lines where it cannot draw its own progress."""
    keep_open: Sequence[int] = field(default=())
    """File descriptors that it holds while it runs."""

    async def run(self, *arguments: str, folder: Path, shown: bool = True) -> str:
        """What it wrote to standard error. Raises UvError. Cancelled, it ends it."""
        async with own_screen(self.say if shown else None) as screen:
            code = await self._run(arguments, folder, screen)
        if code:
            raise UvError(told(self.name, screen.text, self.cache), screen.text)
        return screen.text

    async def _run(self, arguments: Sequence[str], folder: Path, screen: Screen) -> int:
        try:
            process = await asyncio.create_subprocess_exec(
                await asyncio.to_thread(find_uv_bin),
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=screen.theirs,
                cwd=folder,  # not where somebody's pyproject.toml may have a say
                env=uv_environment(os.environ, self.cache),
                pass_fds=self.keep_open,
            )
        except OSError as error:
            raise InstallError(
                f"{self.name}: uv cannot be run ({error}) — reinstall this program"
            ) from error
        screen.begun()
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


def index_flags(ours: Mapping[str, str]) -> Sequence[str]:
    """What uv takes from nobody's environment: that only find-links are to be looked at."""
    return ("--no-index",) if ours.get("PIP_NO_INDEX", "0").lower() in {"1", "true", "yes"} else ()


def uv_environment(ours: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Its environment: pip's settings hold for it too, and it downloads no Python."""
    translated = {
        theirs: ",".join(ours[pips].split()) if pips in _LISTS else ours[pips]
        for pips, theirs in _OF_PIP.items()
        if ours.get(pips)
    }
    if "UV_INDEX" in translated:
        translated["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does it
    left_out = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT"}
    own = {name: value for name, value in ours.items() if name not in left_out}
    defaults = {"UV_CACHE_DIR": str(cache), "UV_PYTHON_DOWNLOADS": "never"}
    return {**defaults, **translated, **own}
