"""Asyncio's missing pieces: blocking iterators on a thread, and streams that may pause."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")

_DONE: Any = object()


async def iterate_in_thread(
    executor: Executor, make: Callable[[], Iterator[T]]
) -> AsyncGenerator[T, None]:
    """Iterate a blocking iterator on a one-thread `executor`, one item per hop.

    Closing the generator closes the iterator, after the item in flight.
    """
    loop = asyncio.get_running_loop()
    iterator = await loop.run_in_executor(executor, make)
    try:
        while (item := await loop.run_in_executor(executor, next, iterator, _DONE)) is not _DONE:
            yield item
    finally:
        executor.submit(getattr(iterator, "close", _nothing))


async def with_pauses(source: AsyncIterator[T], pause_s: float) -> AsyncGenerator[T | None, None]:
    """Iterate `source`; yield None each time it has been silent for another `pause_s`.

    Closing the generator cancels the wait; `source` itself stays its owner's to close.
    """
    while True:
        waiting = asyncio.ensure_future(anext(source, _DONE))
        try:
            while not (await asyncio.wait({waiting}, timeout=pause_s))[0]:
                yield None
            item = await waiting
        finally:
            await _cancelled(waiting)
        if item is _DONE:
            return
        yield item


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel, and return when it is over; a cancellation of our own waits until then."""
    interrupted: asyncio.CancelledError | None = None
    task.cancel()
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted is not None:
        raise interrupted


def _nothing() -> None:
    pass
