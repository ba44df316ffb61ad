"""What holds for every test of a server: no fault is left to the event loop."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio


@pytest_asyncio.fixture(autouse=True)
async def _no_fault_reaches_the_loop() -> AsyncIterator[None]:
    faults: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    yield
    loop.set_exception_handler(None)
    assert not faults, f"left to the event loop: {faults}"
