"""Asyncio's missing pieces: streams that may pause, tasks and programs that end when told to."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")

_DONE: Any = object()


def now() -> float:
    """The running loop's clock, in seconds: monotonic, or that of a simulation."""
    return asyncio.get_running_loop().time()


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
            await cancelled(waiting)
        if item is _DONE:
            return
        yield item


async def cancelled(task: asyncio.Future[Any]) -> None:
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


@asynccontextmanager
async def meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Work in the background, for as long as this is open."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await cancelled(task)


async def output_of(*command: str, limit_s: float) -> str:
    """What a program printed; "" when it failed, or took too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(limit_s):
            printed, _ = await process.communicate()
    except TimeoutError:
        return ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return printed.decode(errors="replace") if process.returncode == 0 else ""
