"""The composition root: from settings to everything that runs, and back down in reverse order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wyoming_voiceclone.backends import Backend, Engine, Folders, Warmable
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.discovery import Advertiser, identity
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.servers.wyoming import Speakers, WyomingServer
from wyoming_voiceclone.synthesis.cached import CachedBackend
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.learning import look, watch
from wyoming_voiceclone.synthesis.performance import Silences
from wyoming_voiceclone.synthesis.phrases import PhraseCache
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.synthesis.speech import Manner, Speech, SpeechSettings
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

    backends: Sequence[Backend]
    phrases: PhraseCache
    cloning: Cloning
    called: Roles
    """What a voice is called here that people call otherwise."""
    speech: Speech


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Everything up to speech; no model is loaded before somebody wants to hear it."""
    async with AsyncExitStack() as stack:
        backends = await _make_all(settings)
        for backend in reversed(backends):
            stack.push_async_callback(backend.aclose)
        if not backends:
            raise ConfigError("no engine works — see the warnings above, or run the doctor")
        phrases = await stack.enter_async_context(_phrase_cache(settings))
        cloning = await stack.enter_async_context(_cloning(settings))
        called = Roles(settings.roles, cloning.library)
        # the leaves, not the router: a fallback's audio is never kept as the preferred voice's
        leaves = [CachedBackend(cloning.over(backend), phrases) for backend in backends]
        limits = RouterLimits(settings.router.first_chunk_s, settings.router.next_chunk_s)
        lexicon = await asyncio.to_thread(_lexicon, settings.speech.lexicon)
        router = Router(leaves, limits, cloning)
        speech = Speech(
            router,
            _manners(settings),
            lexicon=lexicon,
            called=called,
            spoken=cloning.spoken,
            unlisted=cloning.customs.voice,
        )
        yield App(backends, phrases, cloning, called, speech)


@asynccontextmanager
async def open_server(app: App, settings: Settings) -> AsyncIterator[WyomingServer]:
    """Listen, be found, and get the default voice ready meanwhile."""
    server = WyomingServer(
        app.speech,
        settings.server.limits,
        customs=app.cloning.customs if settings.cloning.custom_voices else None,
        speakers=Speakers(settings.speakers),
    )
    try:
        await server.start(settings.server.addresses())
        _LOGGER.info("listening on %s", ", ".join(server.addresses))
        async with (
            _advertised(server, settings),
            _meanwhile(_warm_default(app, settings.speech.default_voice)),
            _meanwhile(watch(app.cloning, ahead=settings.cloning.learn_ahead)),
        ):
            yield server
    finally:
        await server.aclose()


def folders_of(settings: Settings) -> Folders:
    folders = settings.folders
    return Folders(voices=folders.voices, data=folders.data, cache=folders.cache)


async def _make_all(settings: Settings) -> Sequence[Backend]:
    """Every engine that is enabled and works, in order of preference."""
    engines = list(_preferred(await asyncio.to_thread(installed_engines), settings))
    plain = [engine for engine in engines if not engine.converts]
    made = dict(zip(plain, await _make_each(plain, settings), strict=True))
    base = Router([backend for backend in made.values() if backend is not None])
    if any(made.values()):
        converting = [engine for engine in engines if engine.converts]
        made |= zip(converting, await _make_each(converting, settings, base), strict=True)
    return [backend for engine in engines if (backend := made.get(engine)) is not None]


async def _make_each(
    engines: Sequence[Engine], settings: Settings, *over: Backend
) -> Sequence[Backend | None]:
    folders = folders_of(settings)
    return await asyncio.gather(*(_make(one, settings, folders, *over) for one in engines))


def _preferred(engines: dict[str, Engine], settings: Settings) -> Iterable[Engine]:
    """Those enabled: in the order, then the others by name, those that only convert last."""
    others = sorted(engines, key=lambda name: (engines[name].converts, name))
    names = dict.fromkeys([*settings.router.order, *others])
    for name in names:
        if name not in engines:
            _LOGGER.warning("[router] order: no engine is called %r — have %s", name, [*engines])
        elif settings.engine(name).enabled:
            yield engines[name]


async def _make(
    engine: Engine, settings: Settings, folders: Folders, *over: Backend
) -> Backend | None:
    """In a thread: engines' libraries take long to import."""
    try:
        return await asyncio.to_thread(engine.make, settings.engine(engine.name), folders, *over)
    except Exception as error:  # whatever is wrong with one, the others speak
        _LOGGER.warning(
            "%s: this engine is left out (%s) — repair it, or set [engines.%s] enabled = false",
            engine.name,
            error or type(error).__name__,
            engine.name,
            exc_info=_LOGGER.isEnabledFor(logging.DEBUG),
        )
        return None


def _phrase_cache(settings: Settings) -> PhraseCache:
    phrases = settings.phrases
    return PhraseCache(
        settings.folders.phrases, phrases.limit_mb * MEGABYTE, longest_s=phrases.longest_s
    )


def _lexicon(path: Path) -> Lexicon | None:
    return Lexicon.load(path) if path.exists() else None


def _manners(settings: Settings) -> SpeechSettings:
    speech = settings.speech
    general = Manner(speech.speed, speech.sentence_silence_s)
    return SpeechSettings(
        default_voice=speech.default_voice or None,
        language=speech.fallback_language,
        silences=Silences(speech.lead_silence_s, speech.trail_silence_s, speech.comfort_after_s),
        clause_chars=speech.clause_chars,
        manner=general,
        manners={
            name: Manner(
                general.speed if voice.speed is None else voice.speed,
                general.sentence_silence_s
                if voice.sentence_silence_s is None
                else voice.sentence_silence_s,
            )
            for name, voice in settings.voices.items()
        },
    )


@asynccontextmanager
async def _cloning(settings: Settings) -> AsyncIterator[Cloning]:
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
    )
    try:
        await look(cloning)
        yield cloning
    finally:
        await speakers.aclose()


async def _warm_default(app: App, voice: str) -> None:
    """Make the default voice ready: where it is, or wherever it may come from."""
    voice = app.called(voice)
    if voice in app.cloning.parts:
        voice = ""  # learnt with the others
    here = any(named(voice, one.capabilities().voices) for one in app.backends)
    wanted = [voice] if voice else []
    if voice and not here:
        instead = next((one.name for one in app.speech.voices()), "nobody")
        _LOGGER.warning("the default voice %s is not here: %s speaks until it is", voice, instead)
        wanted.append(instead)
    warmable = [one for one in app.backends if isinstance(one, Warmable)]
    await asyncio.gather(*(_warm(one, _concerning(one, wanted, app)) for one in warmable))


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
    except Exception:
        _LOGGER.exception("%s could not be made ready; it is tried again when it speaks", voices)


@asynccontextmanager
async def _meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Work in the background, for as long as this is open."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _advertised(server: WyomingServer, settings: Settings) -> AsyncIterator[None]:
    """Tell the LAN, unless nobody there could connect."""
    uris = [urlsplit(uri) for uri in server.addresses if uri.startswith("tcp:")]
    if not settings.discovery.enabled or not uris or (port := uris[0].port) is None:
        yield
        return
    hosts = [uri.hostname for uri in uris if uri.hostname and uri.port == port]
    host_id = await asyncio.to_thread(identity, settings.folders.data)
    name = settings.discovery.name or f"voiceclone-{host_id}"
    async with Advertiser(name, hosts, port, host_id=host_id):
        yield
