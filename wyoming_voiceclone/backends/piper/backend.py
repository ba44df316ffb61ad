"""PiperBackend: which voice is meant, where it comes from, and who speaks with it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from threading import Event

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import AudioStream, Capabilities, SynthesisRequest
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.piper import cache as cut_voices
from wyoming_voiceclone.backends.piper.downloads import voice_folders
from wyoming_voiceclone.backends.piper.fetching import Fetching
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.loaded_voices import LoadedVoices
from wyoming_voiceclone.backends.piper.manner import Asked, find, sentence_for
from wyoming_voiceclone.backends.piper.offer import offered
from wyoming_voiceclone.backends.piper.scheduler import Scheduler
from wyoming_voiceclone.backends.piper.sessions import available_cores
from wyoming_voiceclone.backends.piper.settings import PiperSettings
from wyoming_voiceclone.backends.piper.voice_config import VoiceFile
from wyoming_voiceclone.backends.piper.voice_files import VoiceFolders
from wyoming_voiceclone.errors import BackendUnavailable

_LOG = logging.getLogger(__name__)

_RESCAN_S = 2.0  # a dropped voice is in the list before its owner is back at the client
_MOST_CORES = 4  # more make a sentence hardly sooner (piper.md §2)


class PiperBackend:
    """Voices from the disk and the catalogue, spoken with by one scheduler."""

    name = "piper"

    def __init__(self, settings: PiperSettings, folders: Folders) -> None:
        """Blocks: looks for voices and reads the catalogue."""
        self._settings, self._cache = settings, folders.cache / "piper"
        self._folders = VoiceFolders(voice_folders(folders))
        self._folders.rescan()
        self._fetching = Fetching(settings, folders, self._arrived)
        self._voices = LoadedVoices(self._load, settings.memory_limit_mb * 1_000_000)
        self._scheduler = Scheduler(cores=self._cores())
        self._watching: asyncio.Task[None] | None = None
        self._cut: set[tuple[str, str]] = set()
        self._stop = Event()
        self._closed = False
        self._capabilities = self._offer()

    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def loaded(self) -> list[str]:
        """The voices in memory, the least recently used one first."""
        return self._voices.names

    async def warm(self, voices: Sequence[str] = ()) -> None:
        """Begin what runs in the background, and load `voices`.

        Those that are not here are downloaded, and loaded when they have come.
        """
        if self._watching is None and not self._closed:
            self._watching = asyncio.create_task(self._watch())
            if self._settings.download:
                self._fetching.keep_catalogue()
        for name in dict.fromkeys(voices):
            if asked := self._find(name):
                await self._warm(asked.file)
            elif self._settings.download:
                self._fetching.ask(self._catalogued(name) or name)

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak one sentence. Raises BackendUnavailable, BadRequest."""
        asked = await self._asked(request.voice)
        sentence = sentence_for(request, asked, self._settings)
        async with AsyncExitStack() as stack:
            using = self._voices.using(asked.file, patience_s=self._settings.load_patience_s)
            voice = await stack.enter_async_context(using)
            stream = await self._scheduler.speak(voice, sentence, request.playback)
            stack.push_async_callback(stream.aclose)
            kept = stack.pop_all()
        return await AudioStream.begin(
            stream.rate,
            _kept(stream, kept),
            timings=stream.timings,
            full_scale=stream.full_scale,
        )

    async def aclose(self) -> None:
        self._closed = True
        self._stop.set()
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._fetching.aclose()
        await self._scheduler.aclose()
        await self._voices.aclose()

    async def _asked(self, name: str) -> Asked:
        """Who is meant; looks again on the disk, and begins a download, for who is not here."""
        if self._closed:
            raise BackendUnavailable("piper is closed")
        if asked := self._find(name):
            return asked
        await self._rescan()
        if asked := self._find(name):
            return asked
        if self._settings.download and (known := self._catalogued(name)):
            raise BackendUnavailable(f"{name} {self._fetching.ask(known)}")
        raise BackendUnavailable(f"piper has no voice {name} — see `voices list`")

    def _find(self, name: str) -> Asked | None:
        """A voice here, also by a former name."""
        voice, mark, speaker = name.partition("#")
        files = self._folders.voices
        return find(name, files) or find(f"{self._catalogued(voice)}{mark}{speaker}", files)

    def _catalogued(self, name: str) -> str | None:
        """What the catalogue calls a voice."""
        catalogue = self._fetching.catalogue
        known = catalogue.find(name.partition("#")[0]) if catalogue else None
        return known.name if known else None

    async def _arrived(self, name: str | None) -> None:
        """Something came from the hub: a voice, or a catalogue."""
        await asyncio.to_thread(self._folders.rescan)
        self._capabilities = await asyncio.to_thread(self._offer)
        if name and (asked := self._find(name)):
            await self._warm(asked.file)

    async def _warm(self, file: VoiceFile) -> None:
        try:
            async with self._voices.using(file):
                _LOG.debug("%s: ready", file.name)
        except BackendUnavailable as error:
            _LOG.warning("%s", error)

    async def _watch(self) -> None:
        while True:
            await self._cut_new_ones()
            await asyncio.sleep(_RESCAN_S)
            await self._rescan()

    async def _cut_new_ones(self) -> None:
        """Do beforehand what takes seconds when a voice is loaded for the first time."""
        for file in list(self._folders.voices.values()):
            if (key := (file.name, file.revision)) not in self._cut:
                self._cut.add(key)
                ensure = partial(cut_voices.ensure, file.model, file.config, self._cache)
                try:
                    await asyncio.to_thread(ensure, self._stop)
                except (BackendUnavailable, OSError) as error:
                    _LOG.warning("%s cannot speak: %s", file.name, error)

    async def _rescan(self) -> None:
        before = self._folders.voices
        if await asyncio.to_thread(self._folders.rescan) != before:
            self._capabilities = await asyncio.to_thread(self._offer)

    def _offer(self) -> Capabilities:
        catalogue = self._fetching.catalogue
        return Capabilities(offered(self._folders.voices, catalogue, self._settings))

    def _load(self, file: VoiceFile) -> LoadedVoice:
        """Blocks for about a second. Raises BackendUnavailable, whatever is wrong with a file."""
        try:
            return LoadedVoice.load(
                file.model, file.config, cache=self._cache, threads=self._cores(), stop=self._stop
            )
        except BackendUnavailable:
            raise
        except Exception as error:
            raise BackendUnavailable(
                f"{file.model}: cannot be loaded ({error}) — get the voice again"
            ) from error

    def _cores(self) -> int:
        return self._settings.cores or min(_MOST_CORES, available_cores())


async def _kept(stream: AudioStream, kept: AsyncExitStack) -> AsyncGenerator[Chunk, None]:
    """The stream; whatever happens to it, in the end its voice is given back."""
    async with kept:
        async for chunk in stream:
            yield chunk
