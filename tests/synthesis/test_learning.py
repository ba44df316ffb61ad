"""Voices are learnt once, ahead, in the background; what is not learnt holds nobody up."""

import asyncio
import logging
import time
from pathlib import Path

import pytest
from people import cloning, drop, router, said, source

from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.errors import (
    BackendUnavailable,
    BadRecording,
    CannotClone,
)
from wyoming_voiceclone.synthesis import learning
from wyoming_voiceclone.synthesis.router import Router


async def test_while_a_voice_is_learnt_another_speaks_and_nobody_is_blamed(folder: Path) -> None:
    engine = ScriptedCloner(enroll_s=0.2)
    async with cloning(folder, patience_s=0.02) as cloned:
        speaking = router(cloned, engine)
        assert await source(speaking, said("grandma")) == "stock/emma"
        await asyncio.sleep(0.3)
        assert await source(speaking, said("grandma")) == "cloner/grandma"
    assert len(engine.learnt) == 1, "the learning went on"


async def test_how_far_the_learning_is_can_be_read(folder: Path) -> None:
    async with cloning(folder, patience_s=0.15) as cloned:
        backend = cloned.over(ScriptedCloner(enroll_s=0.4))
        with pytest.raises(BackendUnavailable, match=r"still learning grandma \(25%\)"):
            await backend.synthesize(said("grandma"))


@pytest.mark.parametrize("fault", [CannotClone("no encoder here"), BadRecording("only music")])
async def test_an_engine_that_cannot_clone_somebody_is_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture, fault: CannotClone | BadRecording
) -> None:
    engine = ScriptedCloner(fault=fault)
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine, ScriptedCloner("other"))
        for _ in range(3):
            assert await source(speaking, said("grandma")) == "other/grandma"
    assert len(engine.learnt) == 1
    told = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == [f"cloner cannot speak as grandma: {fault}"]


async def test_an_engine_that_nobody_has_is_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop(folder, "ada", toml='engines = ["pocket"]')
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner())
        for _ in range(2):
            assert "ada" not in [voice.name for voice in speaking.capabilities().voices]
        assert list(learning.missing(cloned)) == [
            "ada: nobody here can speak as it — install pocket, or change its voice.toml"
        ]
    (message,) = caplog.messages
    assert message == "ada: no engine called pocket clones here — have cloner"


async def test_a_recording_that_changes_while_it_is_learnt_is_not_mistaken(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        drop(folder, "grandma", hz=500)
        with pytest.raises(BackendUnavailable, match="has just been changed"):
            await cloned.over(engine).synthesize(said("grandma"))
    assert not engine.learnt


async def test_a_dropped_voice_is_offered_and_learnt_by_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "WATCH_S", 0.02)
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine)
        watching = asyncio.create_task(learning.watch(cloned))
        await asyncio.sleep(0.1)
        assert len(engine.learnt) == 2, "those that are there already"
        drop(folder, "ada", hz=500)
        await asyncio.sleep(0.2)
        assert "ada" in [voice.name for voice in speaking.capabilities().voices]
        assert len(engine.learnt) == 3
        for path in (folder / "ada").iterdir():
            path.unlink()
        await asyncio.sleep(0.2)
        assert "ada" not in [voice.name for voice in speaking.capabilities().voices]
        assert (await cloned.speakers.stats()).entries == 2
        watching.cancel()
        await asyncio.wait({watching})


async def test_lessons_begin_with_each_voices_preferred_engine(folder: Path) -> None:
    drop(folder, "ada", toml='engines = ["two", "one"]')
    async with cloning(folder) as cloned:
        router(cloned, ScriptedCloner("one"), ScriptedCloner("two"))
        todo = [(engine.name, person.name) for engine, person in learning.lessons(cloned)]
    assert todo == [
        ("two", "ada"),
        ("one", "grandma"),
        ("one", "grandpa"),
        ("one", "ada"),
        ("two", "grandma"),
        ("two", "grandpa"),
    ]


async def test_switching_between_twenty_learnt_voices_costs_nothing(folder: Path) -> None:
    for number in range(20):
        drop(folder, f"voice {number}", hz=200 + 10 * number)
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner())
        await learning.learn_ahead(cloned, learning.lessons(cloned))
        one, many = [
            await first_sound_s(speaking, [f"voice {number % voices}" for number in range(100)])
            for voices in (1, 20)
        ]
    assert many - one < 0.005


async def first_sound_s(speaking: Router, names: list[str]) -> float:
    """The median time to the first chunk."""
    times: list[float] = []
    for name in names:
        began = time.perf_counter()
        stream = await speaking.synthesize(said(name))
        times.append(time.perf_counter() - began)
        await stream.aclose()
    return sorted(times)[len(times) // 2]
