"""When a model is loaded, and who is told what goes wrong with it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from backends.counting import Counter, Loader

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.instances import Instances
from wyoming_voiceclone.errors import BackendError


@pytest.fixture
def load() -> Loader:
    return Loader()


async def test_the_model_goes_on_loading_when_its_first_listener_has_gone() -> None:
    may_load, loads = threading.Event(), []

    def slow() -> Counter:
        loads.append(may_load.wait(10))
        return Counter(len(loads))

    instances = Instances("counter", slow)
    gone = asyncio.ensure_future(instances.load())
    await asyncio.sleep(0.05)
    gone.cancel()
    await asyncio.wait([gone])
    may_load.set()
    assert await instances.run(lambda model: model.number) == 1
    assert len(loads) == 1
    await instances.aclose()


async def test_a_model_that_failed_to_load_while_nobody_waited_is_loaded_anew(load: Loader) -> None:
    may_fail = threading.Event()

    def fails_once() -> Counter:
        if not may_fail.is_set():
            may_fail.wait(10)
            raise OSError("no such file")
        return load()

    instances = Instances("counter", fails_once)
    gone = asyncio.ensure_future(instances.load())
    await asyncio.sleep(0.05)
    gone.cancel()
    await asyncio.wait([gone])
    may_fail.set()
    await asyncio.sleep(0.05)
    assert await instances.run(lambda model: model.number) == 0
    await instances.aclose()


async def test_a_loaded_model_is_preferred_to_one_that_still_loads(load: Loader) -> None:
    may_load = threading.Event()

    def second_is_slow() -> Counter:
        if load.models:
            may_load.wait(10)
        return load()

    instances = Instances("counter", second_is_slow, 2)
    first = instances.speak(lambda model: model.count(3))
    await anext(first)
    second = asyncio.ensure_future(anext(instances.speak(lambda model: model.count(3))))
    await asyncio.sleep(0.05)
    await first.aclose()
    second.cancel()  # the last one to give its model back
    await asyncio.wait([second])
    async with asyncio.timeout(5):
        assert await instances.run(lambda model: model.number) == 0
    may_load.set()
    await instances.aclose()


async def test_a_guard_is_around_all_that_is_done_with_a_model(load: Loader) -> None:
    @contextmanager
    def guard() -> Iterator[None]:
        try:
            yield
        except (OSError, ZeroDivisionError) as error:
            raise BackendError(f"guarded: {error}") from error

    def broken(_model: Counter) -> Iterator[Chunk]:
        yield np.zeros(4, np.float32)
        raise ZeroDivisionError("in a step")

    def fails(_model: Counter) -> None:
        raise OSError("at work")

    instances = Instances("counter", load, guard=guard)
    load.fault = OSError("while loading")
    with pytest.raises(BackendError, match=r"^guarded: while loading"):
        await instances.load()
    load.fault = None
    with pytest.raises(BackendError, match=r"^guarded: at work"):
        await instances.run(fails)
    stream = instances.speak(broken)
    await anext(stream)
    with pytest.raises(BackendError, match=r"^guarded: in a step"):
        await anext(stream)
    await instances.aclose()
