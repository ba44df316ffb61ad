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
    ENVIRONMENT,
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

_REMOVED = ".removed"


def is_here(name: str, folders: Folders) -> bool:
    """Whether there is anything of it, whole or not. Blocks."""
    return name in leftovers(folders)


def leftovers(folders: Folders) -> list[str]:
    """Everything that was ever begun to be installed, or removed, by name. Blocks."""
    with suppress(OSError):
        found = (path.name for path in engines_folder(folders).iterdir() if path.is_dir())
        names = (name[1:].removesuffix(_REMOVED) if _is_leaving(name) else name for name in found)
        return sorted({name for name in names if not name.startswith(".")})
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
        receipt = await asyncio.to_thread(_take_away, home, say)
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


def _take_away(home: Path, say: Callable[[str], None]) -> Receipt | None:
    """The folder with all that is in it. It is gone at once, also when this is interrupted.

    So a worker that is still running finds no place to write to.
    """
    receipt = read_receipt(home)
    if home.is_symlink():
        say(f"{home.name}: is a link, and what lies in {home.resolve()} stays there")
    leaving = home.with_name(f".{home.name}{_REMOVED}")
    with disk_errors(home):
        _empty(leaving)
        home.replace(leaving)
        _empty(leaving)
    return receipt


def _empty(leaving: Path) -> None:
    """There or not. Raises OSError."""
    if leaving.is_symlink():
        leaving.unlink()
    elif leaving.exists():
        shutil.rmtree(leaving)


def _is_leaving(name: str) -> bool:
    return name.startswith(".") and name.endswith(_REMOVED)


async def _forget_downloads(uv: Uv, receipt: Receipt | None, folders: Folders) -> None:
    """Have uv drop what it kept of packages that are in no other environment."""
    if "UV_CACHE_DIR" in os.environ or not await asyncio.to_thread(uv.cache.exists):
        return  # somebody's own: other things are in it
    others, unused = await asyncio.to_thread(_unused, receipt, folders)
    if unused or not others:  # uv waits for its like, which may be installing something
        await uv.run("cache", "clean", *unused, folder=engines_folder(folders), shown=False)
    if not others:
        with disk_errors(uv.cache):
            await asyncio.to_thread(shutil.rmtree, uv.cache)


def _unused(receipt: Receipt | None, folders: Folders) -> tuple[bool, Sequence[str]]:
    """Whether other environments are there, or begun; and the packages that were in this alone."""
    homes = [engines_folder(folders) / name for name in leftovers(folders)]
    if not any((home / ENVIRONMENT).exists() for home in homes):
        return False, ()
    kept = receipts(folders).values()
    used = {package for one in kept for package in one.packages.items()}
    gone = receipt.packages.items() if receipt else ()
    return True, [name for name, version in gone if (name, version) not in used]


def _tidy(folders: Folders) -> None:
    """Folders that hold nothing any more."""
    for folder in (engines_folder(folders), folders.data / "weights"):
        with suppress(OSError):
            folder.rmdir()
