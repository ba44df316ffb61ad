"""Downloads in the background: asked for by name, one at a time per voice, never in the way."""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine

from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.piper.catalogue import Catalogue, load_catalogue
from wyoming_voiceclone.backends.piper.downloads import (
    catalogue_path,
    fetch_voice,
    hub_of,
    newest_catalogue,
    voice_store,
)
from wyoming_voiceclone.backends.piper.settings import PiperSettings
from wyoming_voiceclone.errors import DownloadError, UnknownVoice
from wyoming_voiceclone.hub.client import Hub

_LOG = logging.getLogger(__name__)

_RETRY_S = 60.0  # after a failure, doubled each time
_LONGEST_RETRY_S = 3_600.0
_DAY_S = 86_400.0
_CATALOGUE = "the catalogue of voices"
_MEANWHILE = "trying again in the background, another engine speaks meanwhile"


class Fetching:
    """Owns every download of one backend; cancelled, they leave what has come."""

    def __init__(
        self,
        settings: PiperSettings,
        folders: Folders,
        arrived: Callable[[str | None], Awaitable[None]],
    ) -> None:
        """`arrived` is told a voice that came, or None for a catalogue. Blocks: reads a file."""
        self._settings, self._arrived = settings, arrived
        self._path, self._store = catalogue_path(folders), voice_store(folders)
        self._store.clean()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._told: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self._closed = False
        self.catalogue = load_catalogue(self._path)
        """The newest that is known."""

    def ask(self, name: str) -> str:
        """Have a voice downloaded, unless it is on its way; tells how far it is."""
        if self._closed:
            return "is not here, and piper is closed"
        if name not in self._tasks:
            self._told[name] = "is about to be downloaded"
            self._begin(name, self._until_done(name, lambda: self._fetch(name)))
        return self._told[name]

    def keep_catalogue(self) -> None:
        """Have the newest catalogue, today and every day."""
        self._begin("", self._daily_catalogue())

    async def aclose(self) -> None:
        self._closed = True
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, name: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _until_done(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Again and again, less and less often; only the first failure is told above DEBUG."""
        pause_s, told = _RETRY_S, False
        while True:
            try:
                return await work()
            except UnknownVoice as error:
                _LOG.warning("%s", error)
                return None
            except DownloadError as error:
                self._told[name] = f"cannot be downloaded: {error}; {_MEANWHILE}"
                _LOG.log(self._level(name, told), "%s %s", name or _CATALOGUE, self._told[name])
            except Exception:  # noqa: BLE001 -- the last resort: told, and tried again
                self._told[name] = f"cannot be downloaded: a fault — see the log; {_MEANWHILE}"
                _LOG.exception("%s cannot be downloaded", name or _CATALOGUE)
            await asyncio.sleep(pause_s)
            pause_s, told = min(2 * pause_s, _LONGEST_RETRY_S), True

    def _level(self, name: str, told: bool) -> int:
        """Who waits for a voice is warned of it once, and not of the catalogue as well."""
        if told or (not name and len(self._tasks) > 1):
            return logging.DEBUG
        return logging.WARNING if name else logging.INFO

    async def _fetch(self, name: str) -> None:
        async with self._one_at_a_time, hub_of(self._settings) as hub:
            catalogue = await self._newest(hub)
            if (voice := catalogue.find(name)) is None:
                raise UnknownVoice(f"{name}: not in {hub.repository} — see `voices list`")
            _LOG.info("%s: downloading %.0f MB", name, voice.size / 1e6)
            report = functools.partial(self._report, name)
            await fetch_voice(voice, catalogue.commit, hub, self._store, report)
        _LOG.info("%s: downloaded", name)
        await self._arrived(voice.name)

    async def _daily_catalogue(self) -> None:
        while True:
            await self._until_done("", self._refresh)
            await asyncio.sleep(_DAY_S)

    async def _refresh(self) -> None:
        async with self._one_at_a_time, hub_of(self._settings) as hub:
            await self._newest(hub)

    async def _newest(self, hub: Hub) -> Catalogue:
        catalogue = await newest_catalogue(hub, self._path)
        if self.catalogue is None or self.catalogue.fetched_at != catalogue.fetched_at:
            self.catalogue = catalogue
            await self._arrived(None)
        return catalogue

    def _report(self, name: str, there: int, of: int) -> None:
        self._told[name] = f"is being downloaded ({there / 1e6:.0f} of {of / 1e6:.0f} MB)"
