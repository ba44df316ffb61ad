"""Voices from the catalogue: listed, downloaded and removed again."""

import asyncio
import functools
import logging
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tqdm import tqdm

from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.piper.cache import forget
from wyoming_voiceclone.backends.piper.catalogue import (
    Catalogue,
    CatalogueVoice,
    fetch_catalogue,
    load_catalogue,
    save_catalogue,
)
from wyoming_voiceclone.backends.piper.settings import PiperSettings
from wyoming_voiceclone.backends.piper.store import VoiceStore
from wyoming_voiceclone.backends.piper.voice_config import VoiceFile
from wyoming_voiceclone.backends.piper.voice_files import find_voice_files
from wyoming_voiceclone.errors import DownloadError, UnknownVoice
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.hub.disk import held

_LOG = logging.getLogger(__name__)
_FRESH_S = 7 * 24 * 3600

Progress = Callable[[int, int], None]
"""Told bytes there, bytes in all."""


@dataclass(frozen=True, slots=True)
class ListedVoice:
    """One line of the list of voices."""

    name: str
    language: str
    language_name: str
    quality: str
    speakers: int
    size: int | None
    """Bytes to download; None when it is not in the catalogue."""
    path: Path | None
    """Its model, when it is on this machine."""
    removable: bool
    """Whether it was downloaded, and can be removed."""


def voice_folders(folders: Folders) -> tuple[Path, ...]:
    """Where Piper voices are looked for, people's own first."""
    return folders.voices, folders.data / "piper"


def voice_store(folders: Folders) -> VoiceStore:
    return VoiceStore(folders.data / "piper")


def hub_of(settings: PiperSettings) -> Hub:
    return Hub(settings.repository, settings.revision, settings.endpoint)


def catalogue_path(folders: Folders) -> Path:
    return folders.cache / "piper" / "catalogue.json"


def list_voices(
    settings: PiperSettings, folders: Folders, *, refresh: bool = True
) -> list[ListedVoice]:
    """The voices on this machine and those in the catalogue, by name. Blocks.

    Without a network the catalogue is the one on disk; without one, only what is there is listed.
    """
    catalogue = load_catalogue(catalogue_path(folders))
    if refresh:
        try:
            catalogue = asyncio.run(_newest_catalogue(settings, folders))
        except DownloadError as error:
            _LOG.debug("the catalogue on disk is used: %s", error)
    store = voice_store(folders)
    known = catalogue.voices if catalogue else {}
    here = find_voice_files(voice_folders(folders))
    listed = [_here(file, known.get(name), store) for name, file in here.items()]
    listed += [_elsewhere(voice) for name, voice in known.items() if name not in here]
    return sorted(listed, key=lambda voice: voice.name)


def download_voice(
    name: str, settings: PiperSettings, folders: Folders, *, progress: Progress | None = None
) -> VoiceFile:
    """Download a voice, going on where an earlier attempt stopped. Blocks; Ctrl-C stops it.

    Shows a progress bar in a terminal unless `progress` is told. Raises UnknownVoice,
    DownloadError.
    """
    here = find_voice_files(voice_folders(folders))
    if name in here:
        return here[name]
    with ExitStack() as stack:
        report = progress or stack.enter_context(_Bar(name)).show
        return asyncio.run(_download(name, settings, folders, report))


def remove_voice(name: str, folders: Folders) -> Path:
    """Remove a voice that was downloaded, with what was made of it; gives its folder. Blocks.

    Raises UnknownVoice, and DownloadError for voices that came in another way.
    """
    here = find_voice_files(voice_folders(folders))
    store = voice_store(folders)
    if name in here and _is_downloaded(here[name], store):
        forget(here[name].model, folders.cache / "piper")
        return store.remove(name)
    if name in here:
        raise DownloadError(
            f"{name}: was not downloaded by this program — remove {here[name].model} yourself"
        )
    raise UnknownVoice(f"{name}: no such voice here — list them with `voices list`")


async def fetch_voice(
    voice: CatalogueVoice, commit: str, hub: Hub, store: VoiceStore, progress: Progress
) -> Path:
    """Download one voice of the catalogue into the store. Raises DownloadError.

    Cancelled or failed, it leaves what has come, to go on from.
    """
    there = 0

    def count(more: int) -> None:
        nonlocal there
        there += more
        progress(there, voice.size)

    async with held(functools.partial(store.lock, voice.name)):
        await asyncio.to_thread(store.check_room, voice)
        for file in voice.files:
            part = store.part(voice, file)
            await hub.fetch(file, part, revision=commit, progress=count)
        return await asyncio.to_thread(store.place, voice, hub.repository, commit)


async def newest_catalogue(hub: Hub, path: Path, *, older_than_s: float = _FRESH_S) -> Catalogue:
    """The catalogue on disk while it is fresh, else the hub's, which is kept on disk.

    Without a network an old one is good too. Raises DownloadError when there is none.
    """
    kept = await asyncio.to_thread(load_catalogue, path)
    if kept and 0 <= time.time() - kept.fetched_at < older_than_s:
        return kept
    try:
        catalogue, content = await fetch_catalogue(hub)
    except DownloadError as error:
        if kept is None:
            raise
        _LOG.debug("the catalogue on disk is used: %s", error)
        return kept
    await asyncio.to_thread(save_catalogue, content, path)
    return catalogue


async def _newest_catalogue(settings: PiperSettings, folders: Folders) -> Catalogue:
    async with hub_of(settings) as hub:
        return await newest_catalogue(hub, catalogue_path(folders), older_than_s=0)


async def _download(
    name: str, settings: PiperSettings, folders: Folders, progress: Progress
) -> VoiceFile:
    async with hub_of(settings) as hub:
        catalogue = await newest_catalogue(hub, catalogue_path(folders), older_than_s=0)
        if (voice := catalogue.find(name)) is None:
            raise UnknownVoice(f"{name}: not in {hub.repository} — list them with `voices list`")
        store = voice_store(folders)
        placed = await fetch_voice(voice, catalogue.commit, hub, store, progress)
    found = await asyncio.to_thread(find_voice_files, [placed])
    if voice.name not in found:
        raise DownloadError(f"{placed}: came whole, but is no voice — tell {hub.repository}")
    return found[voice.name]


def _here(file: VoiceFile, known: CatalogueVoice | None, store: VoiceStore) -> ListedVoice:
    return ListedVoice(
        file.name,
        file.language,
        file.language_name,
        file.quality,
        max(1, len(file.speakers)),
        known.size if known else None,
        file.model,
        removable=_is_downloaded(file, store),
    )


def _is_downloaded(file: VoiceFile, store: VoiceStore) -> bool:
    return file.model.parent == store.folder / file.name and store.holds(file.name)


def _elsewhere(voice: CatalogueVoice) -> ListedVoice:
    return ListedVoice(
        voice.name,
        voice.language,
        voice.language_name,
        voice.quality,
        voice.speakers,
        voice.size,
        None,
        removable=False,
    )


class _Bar:
    """A progress bar, in a terminal only. A context manager."""

    def __init__(self, name: str) -> None:
        self._bar = tqdm(
            desc=name, unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=True
        )

    def show(self, there: int, of: int) -> None:
        self._bar.total = of
        self._bar.update(there - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
