"""A model that only one thread may touch, and that one listener at a time hears."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from backends.counting import Counter, Loader

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.instances import Instances
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRecording


@pytest.fixture
def load() -> Loader:
    return Loader()


@pytest.fixture
async def two(load: Loader) -> AsyncIterator[Instances[Counter]]:
    instances = Instances("counter", load, 2)
    yield instances
    await instances.aclose()


async def test_a_sentence_is_computed_in_one_thread_and_closed_there(
    two: Instances[Counter], load: Loader
) -> None:
    heard = [chunk async for chunk in two.speak(lambda model: model.count(5))]
    assert len(heard) == 5
    assert load.models[0].closed == 1
    assert len(load.models[0].threads) == 1
    assert threading.get_ident() not in load.models[0].threads


async def test_nothing_is_loaded_before_somebody_listens(
    two: Instances[Counter], load: Loader
) -> None:
    assert load.models == []
    await two.load()
    assert len(load.models) == 1


async def test_two_listeners_have_a_model_each_and_the_third_waits(
    two: Instances[Counter], load: Loader
) -> None:
    streams = [two.speak(lambda model: model.count(3)) for _ in range(3)]
    assert [(await anext(streams[n]))[0] for n in (0, 1)] == [0, 1]
    third = asyncio.ensure_future(anext(streams[2]))
    await asyncio.sleep(0.02)
    assert not third.done()
    await streams[1].aclose()
    assert (await third)[0] == 1
    assert len(load.models) == 2
    for stream in streams:
        await stream.aclose()


async def test_a_slow_listener_is_only_one_step_behind(
    two: Instances[Counter], load: Loader
) -> None:
    stream = two.speak(lambda model: model.count(1000))
    await anext(stream)
    await asyncio.sleep(0.02)
    assert load.models[0].steps == 2
    await stream.aclose()
    assert (load.models[0].steps, load.models[0].closed) == (2, 1)


async def test_a_listener_who_is_cancelled_gives_the_model_back(
    two: Instances[Counter], load: Loader
) -> None:
    async def listen() -> None:
        async for _ in two.speak(lambda model: model.count(10**9)):
            pass

    listeners = [asyncio.ensure_future(listen()) for _ in range(2)]
    await asyncio.sleep(0.05)
    for listener in listeners:
        listener.cancel()
    await asyncio.wait(listeners)
    assert all(listener.cancelled() for listener in listeners)
    assert [model.closed for model in load.models] == [1, 1]
    assert len([chunk async for chunk in two.speak(lambda model: model.count(2))]) == 2


async def test_a_fault_of_the_library_becomes_our_own(two: Instances[Counter]) -> None:
    def broken(_model: Counter) -> Iterator[Chunk]:
        yield np.zeros(4, np.float32)
        raise ZeroDivisionError("by zero")

    stream = two.speak(broken)
    await anext(stream)
    with pytest.raises(BackendError, match=r"counter broke .*ZeroDivisionError: by zero"):
        await anext(stream)


async def test_our_own_errors_stay_what_they_are(two: Instances[Counter]) -> None:
    def refuse(_model: Counter) -> None:
        raise BadRecording("too short")

    with pytest.raises(BadRecording, match="too short"):
        await two.run(refuse)


async def test_a_model_that_cannot_be_loaded_is_tried_again(
    two: Instances[Counter], load: Loader
) -> None:
    load.fault = OSError("no such file")
    for _ in range(3):  # more often than there are instances
        with pytest.raises(BackendUnavailable, match=r"cannot be loaded .*no such file"):
            await two.load()
    load.fault = None
    assert await two.run(lambda model: model.number) == 0


async def test_closing_ends_a_sentence_and_refuses_the_next(
    two: Instances[Counter], load: Loader
) -> None:
    stream = two.speak(lambda model: model.count(10**9))
    await anext(stream)
    await two.aclose()
    with pytest.raises(BackendError, match="closed"):
        async for _ in stream:
            pass
    with pytest.raises(BackendUnavailable, match="closed"):
        await two.load()
    assert len(load.models) == 1


async def test_who_waits_longer_than_patience_lasts_is_told_that_all_are_busy(
    load: Loader,
) -> None:
    instances = Instances("counter", load, 1, patience_s=0.05)
    speaking = instances.speak(lambda model: model.count(10**9))
    await anext(speaking)
    with pytest.raises(BackendUnavailable, match=r"counter is busy: .* 0\.05 s — let it have more"):
        await anext(instances.speak(lambda model: model.count(3)))
    await speaking.aclose()
    assert len([chunk async for chunk in instances.speak(lambda model: model.count(3))]) == 3
    await instances.aclose()


async def test_learning_is_patient_where_listeners_are_not(load: Loader) -> None:
    instances = Instances("counter", load, 1, patience_s=0.02)
    speaking = instances.speak(lambda model: model.count(10**9))
    await anext(speaking)
    learning = asyncio.ensure_future(instances.run(lambda model: model.number))
    await asyncio.sleep(0.1)
    assert not learning.done()
    await speaking.aclose()
    assert await learning == 0
    await instances.aclose()
