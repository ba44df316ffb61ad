"""The composition root: from settings to everything that runs, and back down in reverse order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.aio import meanwhile
from wyoming_voiceclone.audio.loudness import LoudnessBook
from wyoming_voiceclone.backends import Backend, Warmable
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.environments.gpus import gpus_here
from wyoming_voiceclone.errors import BackendError, ConfigError
from wyoming_voiceclone.hosting import Engines, HostedEngine, make_engines
from wyoming_voiceclone.hosting.advertised import advertised
from wyoming_voiceclone.hosting.alarm import Alarm
from wyoming_voiceclone.hosting.company import Company, Ranks
from wyoming_voiceclone.hosting.desk import controlled
from wyoming_voiceclone.hosting.gpu import shared_gpu
from wyoming_voiceclone.hosting.manners import manners
from wyoming_voiceclone.hosting.others import Removal, joined, lent
from wyoming_voiceclone.hosting.visible import visible
from wyoming_voiceclone.hosting.watching import watch_installations
from wyoming_voiceclone.servers.wyoming import Speakers, WyomingServer
from wyoming_voiceclone.synthesis.cached import CachedBackend
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.learning import look, watch
from wyoming_voiceclone.synthesis.phrases import PhraseCache
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.text.lexicon import Lexicon
from wyoming_voiceclone.voices import named
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.roles import Roles
from wyoming_voiceclone.voices.speaker_cache import SpeakerCache

_LOGGER = logging.getLogger(__name__)

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class App:
    """What can speak."""

    engines: Engines
    phrases: PhraseCache
    cloning: Cloning
    called: Roles
    """What a voice is called here that people call otherwise."""
    speech: Speech
    company: Company
    """Where boxes and peers join."""
    router: Router

    @property
    def backends(self) -> Sequence[Backend]:
        """Everybody, the preferred one first."""
        return self.engines.backends


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Everything up to speech; no model is loaded before somebody wants to hear it."""
    async with AsyncExitStack() as stack:
        sharing = await stack.enter_async_context(shared_gpu(settings))
        engines, gpus = await asyncio.gather(make_engines(settings, sharing), gpus_here())
        stack.push_async_callback(engines.aclose)
        if not engines.can_speak:
            raise ConfigError("no engine works — see the warnings above, or run the doctor")
        ranks = Ranks(settings.router.order, engines.likenesses, gpu_here=bool(gpus))
        phrases = await stack.enter_async_context(_phrase_cache(settings))
        cloning = await stack.enter_async_context(_cloning(settings, engines, ranks))
        called = Roles(settings.roles, cloning.library)
        # the leaves, not the router: a fallback's audio is never kept as the preferred voice's
        leaves = [CachedBackend(cloning.over(backend), phrases) for backend in engines.backends]
        limits = RouterLimits(settings.router.first_chunk_s, settings.router.next_chunk_s)
        lexicon = await asyncio.to_thread(_lexicon, settings.speech.lexicon)
        loudness = LoudnessBook()
        router = Router(
            leaves,
            limits,
            cloning,
            rank=ranks.plain,
            busy=settings.router.busy,
            loudness=loudness,
        )
        speech = Speech(
            router,
            manners(settings),
            loudness=loudness,
            lexicon=lexicon,
            called=called,
            spoken=cloning.spoken,
            unlisted=cloning.customs.voice,
        )
        company = Company(router, cloning, phrases, ranks)
        yield App(engines, phrases, cloning, called, speech, company, router)


@asynccontextmanager
async def open_server(app: App, settings: Settings) -> AsyncIterator[WyomingServer]:
    """Listen, be found, and get the default voice ready meanwhile."""
    alarm = Alarm(settings, app.engines, app.cloning, app.called)
    server = WyomingServer(
        alarm.over(app.speech),
        settings.server.limits,
        customs=app.cloning.customs if settings.cloning.custom_voices else None,
        speakers=Speakers(settings.speakers),
        connected=alarm.connected,
    )
    try:
        is_box = settings.server.role == "box"  # for homes alone, who come in by its own door
        await server.start(() if is_box else settings.server.addresses())
        async with (
            lent(app.engines, server, settings),
            joined(app.company, app.engines, server, settings, alarm) as boxes,
            controlled(app.engines, app.cloning, boxes, settings),
            advertised(server, settings),
            visible(app.router, settings),
            meanwhile(_lent_warm(app) if is_box else _at_home(app, settings)),
            meanwhile(watch_installations(app.engines)),
        ):
            _tell(server, app)
            yield server
    finally:
        await server.aclose()


def _tell(server: WyomingServer, app: App) -> None:
    if server.addresses:
        _LOGGER.info("listening on %s", ", ".join(server.addresses))
    if absent := app.engines.absent():
        see = "`wyoming-voiceclone engines list` tells what they are for"
        _LOGGER.info("not installed: %s — %s", ", ".join(absent), see)


def _phrase_cache(settings: Settings) -> PhraseCache:
    phrases = settings.phrases
    return PhraseCache(
        settings.folders.phrases, phrases.limit_mb * MEGABYTE, longest_s=phrases.longest_s
    )


def _lexicon(path: Path) -> Lexicon | None:
    return Lexicon.load(path) if path.exists() else None


@asynccontextmanager
async def _cloning(settings: Settings, engines: Engines, ranks: Ranks) -> AsyncIterator[Cloning]:
    folders, limits = settings.folders, settings.cloning
    speakers = SpeakerCache(
        folders.speakers,
        limit_bytes=limits.limit_mb * MEGABYTE,
        memory_bytes=limits.memory_mb * MEGABYTE,
    )
    library = VoiceLibrary(folders.voices, folders.speakers / "index.json")
    cloning = Cloning(
        library,
        speakers,
        patience_s=limits.patience_s,
        language=settings.speech.fallback_language,
        absent=engines.absent,
        rank=ranks.cloning,
    )
    cloning.removed = Removal(cloning, settings).removed
    try:
        await look(cloning)
        yield cloning
    finally:
        await speakers.aclose()


async def _at_home(app: App, settings: Settings) -> None:
    """Everything ready for listeners."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_warm_default(app, settings.speech.default_voice))
        tasks.create_task(watch(app.cloning, ahead=settings.cloning.learn_ahead))


async def _lent_warm(app: App) -> None:  # homes are told what there is before anybody asks
    for one in app.engines.hosted.values():
        await _warm(one, ())


async def _warm_default(app: App, voice: str) -> None:
    """Make the default voice ready: where it is, or wherever it may come from."""
    voice = app.called(voice)
    is_own = voice in app.cloning.parts  # learnt with the others
    wanted = [] if is_own or not voice else [voice]
    if wanted and not any(named(voice, one.capabilities().voices) for one in app.backends):
        instead = next((one.name for one in app.speech.voices()), "nobody")
        _LOGGER.warning("the default voice %s is not here: %s speaks until it is", voice, instead)
        wanted.append(instead)
    warmable = [one for one in app.backends if isinstance(one, Warmable)]
    plain = [one for one in warmable if not isinstance(one, HostedEngine)]
    await asyncio.gather(
        _warm_hosted(app, voice), *(_warm(one, _concerning(one, wanted, app)) for one in plain)
    )


async def _warm_hosted(app: App, voice: str) -> None:
    """Meet the workers nobody knows yet, and start that of the default voice.

    One after the other: each takes all of its memory while it is there.
    """
    for one in app.engines.hosted.values():
        await _warm(one, ())
        if named(voice, one.capabilities().voices) or one.name in app.cloning.order(voice)[:1]:
            await _warm(one, [voice])


def _concerning(backend: Backend, wanted: Sequence[str], app: App) -> Sequence[str]:
    """Those that the backend has, and those that nobody has: it may know where they come from."""
    others = [one for one in app.backends if one is not backend]
    return [
        voice
        for voice in wanted
        if named(voice, backend.capabilities().voices)
        or not any(named(voice, one.capabilities().voices) for one in others)
    ]


async def _warm(backend: Warmable, voices: Sequence[str]) -> None:
    try:
        await backend.warm(voices)
    except BackendError as error:
        _LOGGER.info("not ready yet: %s", error)
    except Exception:
        _LOGGER.exception("%s could not be made ready; it is tried again when it speaks", voices)
