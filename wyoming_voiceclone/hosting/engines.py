"""Making every engine that is enabled, in the order in which they are preferred."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.backends import Backend, Engine, Folders
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.gpu import Sharing
from wyoming_voiceclone.hosting.gpu import place_of
from wyoming_voiceclone.hosting.hosted import HostedEngine, log_of
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.workers import WorkerBackend, WorkerLimits, in_worker

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engines:
    """The backends, the preferred one first."""

    backends: Sequence[Backend]
    declared: Mapping[str, Engine]
    """Every engine that this program knows, by name."""

    @property
    def hosted(self) -> Mapping[str, HostedEngine]:
        """Those with an environment of their own, there or not."""
        return {one.name: one for one in self.backends if isinstance(one, HostedEngine)}

    @property
    def can_speak(self) -> bool:
        """Whether there is anybody."""
        return any(
            one.is_installed if isinstance(one, HostedEngine) else True for one in self.backends
        )

    @property
    def likenesses(self) -> Collection[str]:
        """Those that only convert what others speak."""
        return {name for name, engine in self.declared.items() if engine.converts}

    def absent(self) -> Mapping[str, str]:
        """Those that are not installed, and what to do about it."""
        return {name: one.remedy for name, one in self.hosted.items() if not one.is_installed}

    async def aclose(self) -> None:
        async with AsyncExitStack() as stack:
            for backend in self.backends:
                stack.push_async_callback(backend.aclose)


def folders_of(settings: Settings) -> Folders:
    folders = settings.folders
    return Folders(voices=folders.voices, data=folders.data, cache=folders.cache)


async def make_engines(settings: Settings, sharing: Sharing | None = None) -> Engines:
    """Every engine that is enabled and works, or may be installed; those that convert come last.

    They convert what is spoken in this process: a likeness must not wait for a worker. `sharing`:
    who makes room on the GPU.
    """
    declared = await asyncio.to_thread(installed_engines)
    engines = list(_preferred(declared, settings))
    plain = [engine for engine in engines if not engine.converts]
    made = dict(zip(plain, await _make_each(plain, settings, sharing), strict=True))
    here = [one for one in made.values() if one and not isinstance(one, HostedEngine)]
    if here:
        converting = [engine for engine in engines if engine.converts]
        likenesses = await _make_each(converting, settings, sharing, Router(here))
        made |= zip(converting, likenesses, strict=True)
    return Engines([one for engine in engines if (one := made.get(engine)) is not None], declared)


def _preferred(engines: Mapping[str, Engine], settings: Settings) -> Iterable[Engine]:
    """Those enabled: in the order, then the others by name, those that only convert last."""
    others = sorted(engines, key=lambda name: (engines[name].converts, name))
    for name in dict.fromkeys([*settings.router.order, *others]):
        if name in engines:
            if settings.engine(name).enabled:
                yield engines[name]
        elif name in _asked_for(settings):
            _LOGGER.warning("[router] order: no engine is called %r — have %s", name, [*engines])


def _asked_for(settings: Settings) -> Collection[str]:
    """Engines that somebody wrote down: what `config --write` does is not asking for any."""
    usual = type(settings)()
    order = settings.router.order if settings.router.order != usual.router.order else ()
    written = settings.engines.model_fields_set
    return {*order, *(one for one in written if settings.engine(one) != usual.engine(one))}


async def _make_each(
    engines: Sequence[Engine], settings: Settings, sharing: Sharing | None, *over: Backend
) -> Sequence[Backend | None]:
    return await asyncio.gather(*(_make(one, settings, sharing, *over) for one in engines))


async def _make(
    engine: Engine, settings: Settings, sharing: Sharing | None, *over: Backend
) -> Backend | None:
    """In a thread: engines' libraries take long to import."""
    folders = folders_of(settings)
    try:
        if engine.environment is not None:
            return await _host(engine, settings, folders, sharing)
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


async def _host(
    engine: Engine, settings: Settings, folders: Folders, sharing: Sharing | None
) -> HostedEngine:
    def make(python: Path) -> WorkerBackend:
        wanted = settings.worker(engine.name)
        limits = WorkerLimits(
            startup_s=wanted.startup_s,
            patience_s=settings.cloning.patience_s,
            idle_s=wanted.idle_s or None,
        )
        return in_worker(
            engine,
            settings.engine(engine.name),
            folders,
            limits,
            python=python,
            preload=wanted.preload,
            log=log_of(engine, folders),
            tenancy=place,
        )

    hosted = HostedEngine(engine, folders, make)
    place = place_of(engine, hosted, settings, sharing)
    await hosted.look()
    if hosted.fault or (not hosted.is_installed and engine.name in _asked_for(settings)):
        fact = hosted.fault or "is not installed"
        _LOGGER.warning("%s: %s — %s", engine.name, fact, hosted.remedy)
    return hosted
