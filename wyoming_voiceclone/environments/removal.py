"""Removing an engine: nothing of it is left that no other engine needs."""

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from wyoming_voiceclone.backends.declaration import Weights
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.environments.installed import (
    RECEIPT,
    Receipt,
    engines_folder,
    read_receipt,
    receipts,
    uv_cache,
)
from wyoming_voiceclone.environments.lock import locked
from wyoming_voiceclone.environments.room import disk_errors, freeable
from wyoming_voiceclone.environments.uv import Uv
from wyoming_voiceclone.environments.wanted_weights import orphaned_by
from wyoming_voiceclone.errors import InstallError


def is_here(name: str, folders: Folders) -> bool:
    """Whether there is anything of it, whole or not. Blocks."""
    return name in leftovers(folders)


def leftovers(folders: Folders) -> list[str]:
    """Everything that was ever begun to be installed, by name. Blocks."""
    with suppress(OSError):
        found = sorted(engines_folder(folders).iterdir())
        return [path.name for path in found if path.is_dir() and not path.name.startswith(".")]
    return []


async def remove_engine(
    name: str, folders: Folders, say: Callable[[str], None], *, keep_weights: bool = False
) -> int:
    """Take away its environment, its log, and its weights; how many bytes that freed.

    Raises InstallError, also when nothing of it is here.
    """
    if not await asyncio.to_thread(is_here, name, folders):
        raise InstallError(f"{name}: is not installed — `wyoming-voiceclone engines list`")
    home = engines_folder(folders) / name
    places = engines_folder(folders), folders.data / "weights"
    async with AsyncExitStack() as stack:
        held = await asyncio.to_thread(stack.enter_context, locked(home))
        before = await asyncio.to_thread(freeable, *places)
        weights = [] if keep_weights else await asyncio.to_thread(orphaned_by, name, folders)
        await _remove_weights(name, weights, folders, say)
        say(f"{name}: removing its libraries")
        receipt = await asyncio.to_thread(_take_away, home)
        await _forget_downloads(Uv(name, uv_cache(folders), say, (held,)), receipt, folders)
    await asyncio.to_thread(_tidy, folders)
    return before - await asyncio.to_thread(freeable, *places)


async def _remove_weights(
    name: str, weights: Sequence[Weights], folders: Folders, say: Callable[[str], None]
) -> None:
    for one in weights:
        from wyoming_voiceclone.environments.weights import remove_weights  # noqa: PLC0415 -- hub

        say(f"{name}: removing the weights of {one.repository}")
        await remove_weights(one, folders)


def _take_away(home: Path) -> Receipt | None:
    """The folder's content, the receipt first: interrupted, what remains is no engine."""
    receipt = read_receipt(home)
    with disk_errors(home):
        (home / RECEIPT).unlink(missing_ok=True)
        for path in home.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return receipt


async def _forget_downloads(uv: Uv, receipt: Receipt | None, folders: Folders) -> None:
    """Have uv drop what it kept of packages that are in no other environment."""
    if "UV_CACHE_DIR" in os.environ or not await asyncio.to_thread(uv.cache.exists):
        return  # somebody's own: other things are in it
    others = await asyncio.to_thread(receipts, folders)
    used = {package for one in others.values() for package in one.packages.items()}
    gone = receipt.packages if receipt else {}
    unused = [name for name, version in gone.items() if (name, version) not in used]
    if not others:
        with disk_errors(uv.cache):
            await asyncio.to_thread(shutil.rmtree, uv.cache)
    elif unused:
        await uv.run("cache", "clean", *unused, folder=uv.cache, shown=False)


def _tidy(folders: Folders) -> None:
    """Folders that hold nothing any more."""
    for folder in (engines_folder(folders), folders.data / "weights"):
        with suppress(OSError):
            folder.rmdir()
