"""Learning ahead: every voice by every engine, before somebody waits for it."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import zip_longest

from wyoming_voiceclone.backends import CloningBackend
from wyoming_voiceclone.errors import BadRecording, CannotClone, VoiceCloneError
from wyoming_voiceclone.synthesis.cloned import Cloning, wanted_state
from wyoming_voiceclone.voices.voice_folder import ClonedVoice

_LOGGER = logging.getLogger(__name__)

WATCH_S = 2.0
"""A dropped voice is in the list before its owner is back at the client."""

Lesson = tuple[CloningBackend, ClonedVoice]
Told = Callable[[int, int, Lesson], None]
"""Told after each lesson: how many are done, of how many, and which."""


def lessons(cloning: Cloning, *names: str) -> list[Lesson]:
    """Who has to learn whom: each voice's preferred engine first; `names`: only these voices."""
    engines = cloning.engines
    persons = {part.person.name: part for part in cloning.parts.values()}
    queues = [
        [(engines[engine], part.person) for engine in part.engines if engine in engines]
        for name, part in persons.items()
        if not names or name in names
    ]
    return [lesson for rank in zip_longest(*queues) for lesson in rank if lesson is not None]


async def learn_ahead(
    cloning: Cloning, todo: list[Lesson], told: Told | None = None
) -> list[tuple[Lesson, VoiceCloneError]]:
    """One after the other, so that listeners' voices come first; what failed."""
    failed: list[tuple[Lesson, VoiceCloneError]] = []
    for done, (engine, person) in enumerate(todo, start=1):
        wanted = wanted_state(engine, person)
        try:
            await cloning.speakers.prepare(wanted, partial(cloning.learn, engine, person))
        except (BadRecording, CannotClone) as error:
            failed.append(((engine, person), error))
            cloning.tell_refusal(wanted, error)
        except VoiceCloneError as error:
            failed.append(((engine, person), error))
            _LOGGER.info("%s could not learn %s now: %s", engine.name, person.name, error)
        if told:
            told(done, len(todo), (engine, person))
    return failed


async def watch(cloning: Cloning, *, ahead: bool = True) -> None:
    """Look for changed voices for ever; `ahead`: learn them at once. Cancel to stop."""
    with suppress(OSError):  # so that there is somewhere to drop a recording
        await asyncio.to_thread(cloning.library.folder.mkdir, parents=True, exist_ok=True)
    changed = asyncio.Event()
    changed.set()
    async with asyncio.TaskGroup() as group:
        group.create_task(_look(cloning, changed), name="voices watched")
        if ahead:
            group.create_task(_learn(cloning, changed), name="voices learnt")


async def look(cloning: Cloning) -> None:
    """Look for changed voices once; what was learnt about removed ones is forgotten."""
    changes = await asyncio.to_thread(cloning.library.rescan)
    if changes.gone:
        await cloning.speakers.purge(changes.gone)
        await cloning.removed(changes.gone)
    if changes.voices:
        _LOGGER.info("voices of your own: %s", ", ".join(cloning.library.voices) or "none")


async def _look(cloning: Cloning, changed: asyncio.Event) -> None:
    known = _known(cloning)
    while True:
        await asyncio.sleep(WATCH_S)
        try:
            await look(cloning)
            await cloning.customs.sweep()
            if (now := _known(cloning)) != known:
                known = now
                changed.set()
        except Exception:
            _LOGGER.exception("%s could not be looked at", cloning.library.folder)


def _known(cloning: Cloning) -> tuple[object, ...]:
    """Changes with the voices, and also when an engine came or became another."""
    revisions = {name: engine.revision for name, engine in cloning.engines.items()}
    return cloning.parts, revisions, cloning.arrivals


async def _learn(cloning: Cloning, changed: asyncio.Event) -> None:
    while True:
        await changed.wait()
        changed.clear()
        todo = [
            (engine, person)
            for engine, person in lessons(cloning)
            if cloning.speakers.remembered(wanted_state(engine, person).key) is None
        ]
        if todo:
            await learn_ahead(cloning, todo, _log)


def _log(done: int, of: int, lesson: Lesson) -> None:
    engine, person = lesson
    _LOGGER.info("voices learnt: %d of %d (%s by %s)", done, of, person.name, engine.name)


def missing(cloning: Cloning) -> Iterator[str]:
    """Why voices of the library are not on offer, for people."""
    offered = {part.person.name for part in cloning.parts.values() if part.engines}
    for name, person in cloning.library.voices.items():
        if name not in offered:
            wanted = ", ".join(person.about.engines) or "an engine that clones"
            remedy = f"install {wanted}, or change its voice.toml"
            yield f"{name}: nobody here can speak as it — {remedy}"
