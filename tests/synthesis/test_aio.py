"""Streams that may pause."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from wyoming_voiceclone.aio import with_pauses


async def words(*texts: str, every_s: float) -> AsyncIterator[str]:
    for text in texts:
        await asyncio.sleep(every_s)
        yield text


async def test_a_pause_is_none_and_nothing_is_lost() -> None:
    source = words("one", "two", every_s=0.05)
    async with aclosing(with_pauses(source, 0.02)) as pieces:
        heard = [piece async for piece in pieces]
    assert [piece for piece in heard if piece] == ["one", "two"]
    assert heard.count(None) >= 2


async def test_a_cancellation_waits_for_a_source_that_cleans_up_and_is_not_lost() -> None:
    cleaned = False

    async def stubborn() -> AsyncIterator[str]:
        nonlocal cleaned
        try:
            await asyncio.Event().wait()
            yield "never"
        finally:
            await asyncio.sleep(0.1)
            cleaned = True

    async def read() -> None:
        async with aclosing(with_pauses(stubborn(), 0.01)) as pieces:
            async for _ in pieces:
                pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.03)
    task.cancel()
    await asyncio.sleep(0.03)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned
