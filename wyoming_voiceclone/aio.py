"""Asyncio's missing pieces: blocking iterators on a thread of their own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
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


def _nothing() -> None:
    pass
