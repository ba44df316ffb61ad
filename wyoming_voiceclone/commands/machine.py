"""The doctor's look at the machine: Python, folders, disk, loudspeaker. Blocking: for a thread."""

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import psutil

from wyoming_voiceclone import __version__
from wyoming_voiceclone.commands.findings import Finding, broken, note, well
from wyoming_voiceclone.commands.listening import sound_library
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import ConfigError

GIGABYTE = 1e9
MEMORY_GB = 0.9
"""One medium Piper voice and the server: about 0.4 GB, measured; the rest is the system's."""
DISK_GB = 0.5
"""A Piper voice is 20-115 MB, and a cut copy of it is kept."""


def findings(settings: Settings) -> list[Finding]:
    folders = settings.folders
    return [
        _python(),
        _memory(),
        _folder("downloads", folders.data),
        _folder("voices", folders.voices),
        _folder("cache", folders.cache),
        *_disks({folders.data, folders.cache}),
        _loudspeaker(),
    ]


def _python() -> Finding:
    system = f"{platform.system()} {platform.machine()}"
    fact = f"{__version__} on Python {platform.python_version()}, {system}, {os.cpu_count()} cores"
    return well("wyoming-voiceclone", fact)


def _memory() -> Finding:
    free = psutil.virtual_memory().available / GIGABYTE
    if free >= MEMORY_GB:
        return well("memory", f"{free:.1f} GB free")
    return note("memory", f"{free:.1f} GB free", f"have {MEMORY_GB} GB, or use an x_low voice")


def _folder(thing: str, folder: Path) -> Finding:
    here = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with TemporaryFile(dir=here):
            pass
    except OSError as error:
        fact = f"{folder} cannot be written ({error.strerror})"
        return broken(thing, fact, "make it writable, or choose another in [folders]")
    return well(thing, str(folder) if here == folder else f"{folder} (made when needed)")


def _disks(folders: set[Path]) -> Iterator[Finding]:
    seen: set[int] = set()
    for folder in sorted(folders):
        here = next(path for path in (folder, *folder.parents) if path.exists())
        if (device := here.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(here).free / GIGABYTE
        if free >= DISK_GB:
            yield well("disk", f"{free:.1f} GB free at {here}")
        else:
            remedy = "free some, or choose another in [folders]"
            yield note("disk", f"{free:.1f} GB free at {here}", remedy)


def _loudspeaker() -> Finding:
    remedy = "only `say` without -o wants one"
    try:
        library = sound_library()
    except ConfigError as error:
        fact, _, cure = str(error).partition(" — ")
        return note("loudspeaker", fact, f"{remedy}: {cure}")
    try:
        device = library.query_devices(kind="output")["name"]
    except (library.PortAudioError, ValueError) as error:
        return note("loudspeaker", str(error), remedy)
    return well("loudspeaker", str(device))
