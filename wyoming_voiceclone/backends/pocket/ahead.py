"""A generator that runs in a thread of its own, some steps ahead of whoever takes them."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(steps: Generator[T, None, None], most: int) -> Generator[T, None, None]:
    """What `steps` yields, computed up to `most` steps ahead once the first one was taken.

    Closing waits for the step in flight.
    """
    pending: deque[Future[T | None]] = deque()
    thread = ThreadPoolExecutor(1, thread_name_prefix="Pocket-TTS-ahead")
    try:
        pending.append(thread.submit(next, steps, None))
        while (step := pending.popleft().result()) is not None:
            yield step  # while the first one is turned into sound nothing disturbs it
            while len(pending) < most:
                pending.append(thread.submit(next, steps, None))
    finally:
        thread.shutdown(cancel_futures=True)
        steps.close()
