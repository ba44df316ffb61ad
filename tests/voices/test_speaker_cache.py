"""The speaker cache: computed once, kept, healed, bounded, and gone when it should be."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, CannotClone
from wyoming_voiceclone.voices import SpeakerState
from wyoming_voiceclone.voices.speaker_cache import SpeakerCache, SpeakerStats, Wanted
from wyoming_voiceclone.voices.speaker_file import Origin

KB = 1_000


def wanted(name: str, *, keep: bool = True) -> Wanted:
    return Wanted(f"{name:0>64}", Origin(name, f"reference of {name}", "tones"), keep)


class Learning:
    """An engine that learns in `seconds`, or raises `error`."""

    def __init__(self, seconds: float = 0.0, *, error: Exception | None = None) -> None:
        self.learnt: list[str] = []
        self.cancelled = 0
        self.seconds, self.error = seconds, error

    def of(self, name: str) -> Callable[[Callable[[float], None]], "asyncio.Future[SpeakerState]"]:
        return lambda progress: asyncio.ensure_future(self._learn(name, progress))

    async def _learn(self, name: str, progress: Callable[[float], None]) -> SpeakerState:
        self.learnt.append(name)
        progress(0.5)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        return SpeakerState(wanted(name).key, {"codes": np.full(KB, ord(name[0]), np.int8)})


@asynccontextmanager
async def opened(
    folder: Path, memory_bytes: int = 100 * KB, limit_bytes: int = 100 * KB, at_once: int = 2
) -> AsyncIterator[SpeakerCache]:
    cache = SpeakerCache(
        folder, memory_bytes=memory_bytes, limit_bytes=limit_bytes, at_once=at_once
    )
    try:
        yield cache
    finally:
        await cache.aclose()


async def get(cache: SpeakerCache, engine: Learning, name: str, **more: bool) -> SpeakerState:
    return await cache.state(wanted(name, **more), engine.of(name))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))


async def test_a_voice_is_learnt_once_and_remembered(tmp_path: Path) -> None:
    engine = Learning()
    async with opened(tmp_path) as cache:
        first = await get(cache, engine, "ada")
        assert await get(cache, engine, "ada") is first
        assert cache.remembered(wanted("ada").key) is first
    assert engine.learnt == ["ada"]


async def test_a_voice_survives_a_restart_under_its_key(tmp_path: Path) -> None:
    engine = Learning()
    async with opened(tmp_path) as cache:
        await get(cache, engine, "ada")
    assert [file.name for file in files(tmp_path)] == [f"{wanted('ada').key}.safetensors"]
    async with opened(tmp_path) as cache:
        state = await get(cache, engine, "ada")
    assert state.tensors["codes"][0] == ord("a")
    assert engine.learnt == ["ada"]


async def test_many_who_wait_cost_one_computation(tmp_path: Path) -> None:
    engine = Learning(0.02)
    async with opened(tmp_path) as cache:
        states = await asyncio.gather(*(get(cache, engine, "ada") for _ in range(20)))
    assert len({id(state) for state in states}) == 1
    assert engine.learnt == ["ada"]


async def test_who_gives_up_waiting_does_not_stop_the_learning(tmp_path: Path) -> None:
    engine = Learning(0.05)
    async with opened(tmp_path) as cache:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await get(cache, engine, "ada")
        assert cache.share(wanted("ada").key) == 0.5
        await get(cache, engine, "ada")
        assert cache.share(wanted("ada").key) is None
    assert (engine.learnt, engine.cancelled) == (["ada"], 0)


async def test_closing_stops_the_learning_and_tells_who_waits(tmp_path: Path) -> None:
    engine = Learning(60)
    async with opened(tmp_path) as cache:
        waiting = asyncio.create_task(get(cache, engine, "ada"))
        await asyncio.sleep(0.01)
        await cache.aclose()
        with pytest.raises(BackendUnavailable, match="closed"):
            await waiting
        with pytest.raises(BackendUnavailable, match="closed"):
            await get(cache, engine, "bob")
    assert engine.cancelled == 1


async def test_closing_at_once_leaves_nothing_running(tmp_path: Path) -> None:
    async with opened(tmp_path) as cache:
        waiting = asyncio.create_task(get(cache, Learning(60), "ada"))
        await asyncio.sleep(0)
        await cache.aclose()
        with pytest.raises(BackendUnavailable):
            await waiting


async def test_only_so_many_are_learnt_at_a_time(tmp_path: Path) -> None:
    engine = Learning(0.1)
    async with opened(tmp_path, at_once=2) as cache:
        tasks = [asyncio.create_task(get(cache, engine, name)) for name in ("a", "b", "c", "d")]
        await asyncio.sleep(0.05)
        assert len(engine.learnt) == 2
        await asyncio.gather(*tasks)
    assert sorted(engine.learnt) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty"])
async def test_a_corrupt_file_is_healed(tmp_path: Path, damage: str) -> None:
    engine = Learning()
    async with opened(tmp_path) as cache:
        await get(cache, engine, "ada")
    (path,) = files(tmp_path)
    data = path.read_bytes()
    flipped = data[:-1] + bytes([data[-1] ^ 1])
    path.write_bytes({"cut": data[:-99], "flipped": flipped, "text": b"hi", "empty": b""}[damage])
    async with opened(tmp_path) as cache:
        await get(cache, engine, "ada")
    async with opened(tmp_path) as cache:
        await get(cache, engine, "ada")
    assert engine.learnt == ["ada", "ada"]


async def test_a_refusal_is_believed_for_a_while(tmp_path: Path) -> None:
    for error in CannotClone("no encoder"), BadRecording("too short"):
        engine = Learning(error=error)
        async with opened(tmp_path) as cache:
            for _ in range(3):
                with pytest.raises(type(error), match=str(error)):
                    await get(cache, engine, "ada")
        assert engine.learnt == ["ada"]


async def test_an_engine_that_is_not_there_now_is_asked_again(tmp_path: Path) -> None:
    engine = Learning(error=BackendUnavailable("starting"))
    async with opened(tmp_path) as cache:
        with pytest.raises(BackendUnavailable, match="starting"):
            await get(cache, engine, "ada")
        engine.error = None
        await get(cache, engine, "ada")
    assert engine.learnt == ["ada", "ada"]


async def test_an_engine_that_crashes_on_a_voice_is_spared_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Learning(error=RuntimeError("shapes do not match"))
    async with opened(tmp_path) as cache:
        for _ in range(3):
            with pytest.raises(BackendUnavailable, match="shapes do not match"):
                await get(cache, engine, "ada")
    assert engine.learnt == ["ada"]
    assert len(caplog.records) == 1


async def test_memory_holds_what_was_used_last(tmp_path: Path) -> None:
    engine = Learning()
    async with opened(tmp_path, memory_bytes=3 * KB) as cache:
        for name in "a", "b", "c", "a", "d":
            await get(cache, engine, name)
        assert [cache.remembered(wanted(name).key) is None for name in "abcd"] == [
            False,
            True,
            False,
            False,
        ]
        await get(cache, engine, "b")
    assert engine.learnt == ["a", "b", "c", "d"]


async def test_a_state_larger_than_memory_is_still_spoken_with(tmp_path: Path) -> None:
    engine = Learning()
    async with opened(tmp_path, memory_bytes=10) as cache:
        await get(cache, engine, "a")
        await get(cache, engine, "a")
        await get(cache, engine, "b")
        assert cache.remembered(wanted("a").key) is None
    assert engine.learnt == ["a", "b"]


async def test_the_disk_keeps_what_was_used_last_within_its_limit(tmp_path: Path) -> None:
    engine = Learning()
    async with opened(tmp_path, memory_bytes=10) as cache:
        for name in "a", "b", "c":
            await get(cache, engine, name)
    size = files(tmp_path)[0].stat().st_size
    for age, name in enumerate(["b", "c", "a"]):
        os.utime(tmp_path / f"{wanted(name).key}.safetensors", (1_000 + age, 1_000 + age))
    async with opened(tmp_path, limit_bytes=3 * size) as cache:
        await cache.stats()
        await get(cache, engine, "d")
    left = {path.stem.strip("0") for path in files(tmp_path)}
    assert "b" not in left
    assert {"a", "d"} <= left


async def test_a_disk_that_cannot_be_written_is_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "file"
    folder.write_text("in the way")
    engine = Learning()
    async with opened(folder) as cache:
        for name in "a", "b", "a":
            await get(cache, engine, name)
    assert engine.learnt == ["a", "b"]
    (record,) = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert "cannot be written" in record.message


async def test_a_purge_leaves_nothing_of_a_voice_and_everything_of_others(tmp_path: Path) -> None:
    engine = Learning()
    async with opened(tmp_path) as cache:
        await get(cache, engine, "ada")
        await get(cache, engine, "bob")
        slow = Learning(60)
        learning = asyncio.create_task(
            cache.state(Wanted("x", wanted("ada").origin), slow.of("ada"))
        )
        await asyncio.sleep(0.01)
        await cache.purge({"reference of ada"})
        with pytest.raises(BackendUnavailable, match="removed"):
            await learning
        assert cache.remembered(wanted("ada").key) is None
        assert cache.remembered(wanted("bob").key) is not None
    assert [path.stem for path in files(tmp_path)] == [wanted("bob").key]


async def test_what_must_not_be_written_down_is_only_remembered(tmp_path: Path) -> None:
    engine = Learning()
    async with opened(tmp_path) as cache:
        await get(cache, engine, "ada", keep=False)
        assert cache.remembered(wanted("ada").key)
        await cache.forget([wanted("ada").key])
        assert cache.remembered(wanted("ada").key) is None
    assert files(tmp_path) == []


async def test_it_tells_what_it_holds_and_what_that_cost(tmp_path: Path) -> None:
    engine = Learning(0.02)
    async with opened(tmp_path) as cache:
        for name in "ada", "bob", "ada":
            await get(cache, engine, name)
    async with opened(tmp_path) as cache:
        await get(cache, engine, "ada")
        assert await cache.stats() == SpeakerStats(
            2, sum(file.stat().st_size for file in files(tmp_path)), 1, KB, 1, 0, {}
        )
        await cache.clear()
        assert (await cache.stats()).entries == 0
        await get(cache, engine, "ada")
        stats = await cache.stats()
    assert stats.misses == 1
    assert stats.seconds["ada"] == pytest.approx(0.02, abs=0.02)
