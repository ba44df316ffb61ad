"""Instances: models that speak to one listener each, as many as may be there at once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, VoiceCloneError

M = TypeVar("M")
T = TypeVar("T")


class Instance(Generic[M]):
    """One model, and the one thread that ever touches it."""

    def __init__(self, name: str, load: Callable[[], M]) -> None:
        self._name, self._load = name, load
        self._model: M | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def load(self) -> None:
        """Raises BackendUnavailable; it may be tried again."""
        if self._model is None:
            try:
                self._model = await self._submit(self._load)
            except VoiceCloneError:
                raise
            except Exception as error:
                raise BackendUnavailable(
                    f"{self._name} cannot be loaded ({type(error).__name__}: {error}) — "
                    f"install it again if this stays so"
                ) from error

    async def run(self, work: Callable[[M], T]) -> T:
        """Raises BackendError, whatever `work` raises that is not one of our own errors."""
        model = self._loaded()
        return await self._told(self._submit(lambda: work(model)))

    async def speak(self, generate: Callable[[M], Iterator[Chunk]]) -> AsyncGenerator[Chunk, None]:
        """What `generate` yields, computed one step ahead of the listener.

        Closing waits for the step in flight, and closes the generator in its thread.
        """
        steps = generate(self._loaded())
        step = self._submit(lambda: next(steps, None))
        try:
            while (chunk := await self._told(asyncio.shield(step))) is not None:
                step = self._submit(lambda: next(steps, None))
                if len(chunk):
                    yield chunk
        finally:
            await _over(step)
            if callable(close := getattr(steps, "close", None)):
                await _over(self._submit(close))

    async def aclose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)

    def _loaded(self) -> M:
        if self._model is None:
            raise BackendUnavailable(f"{self._name} is not loaded")
        return self._model

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        try:
            return asyncio.get_running_loop().run_in_executor(self._thread, work)
        except RuntimeError:  # shut down
            closed: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            closed.set_exception(BackendUnavailable(f"{self._name} is closed"))
            return closed

    async def _told(self, work: asyncio.Future[T]) -> T:
        try:
            return await work
        except VoiceCloneError:
            raise
        except Exception as error:
            fact = f"{type(error).__name__}: {error}"
            raise BackendError(f"{self._name} broke while it worked ({fact})") from error


class Instances(Generic[M]):
    """Up to `most` instances, each loaded when all the others speak; whoever comes then waits."""

    def __init__(self, name: str, load: Callable[[], M], most: int = 1) -> None:
        self._name, self._load = name, load
        self._free = asyncio.Semaphore(most)
        self._idle: list[Instance[M]] = []
        self._all: set[Instance[M]] = set()
        self._closed = False

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[Instance[M]]:
        """A loaded instance of one's own. Raises BackendUnavailable."""
        async with self._free:
            if self._closed:
                raise BackendUnavailable(f"{self._name} is closed")
            # the one used last: its weights are in the processor's cache
            instance = self._idle.pop() if self._idle else Instance(self._name, self._load)
            self._all.add(instance)
            try:
                await instance.load()
                yield instance
            finally:
                self._idle.append(instance)

    async def speak(self, generate: Callable[[M], Iterator[Chunk]]) -> AsyncGenerator[Chunk, None]:
        """What `generate` yields with an instance that nobody else uses meanwhile."""
        async with self.borrowed() as instance:
            chunks = instance.speak(generate)
            try:
                async for chunk in chunks:
                    yield chunk
            finally:
                await chunks.aclose()

    async def run(self, work: Callable[[M], T]) -> T:
        """What `work` returns with an instance that nobody else uses meanwhile."""
        async with self.borrowed() as instance:
            return await instance.run(work)

    async def load(self) -> None:
        """Have one ready. Raises BackendUnavailable."""
        async with self.borrowed():
            pass

    async def aclose(self) -> None:
        """End the threads, after the step in flight; whoever still listens gets a BackendError."""
        self._closed = True
        for instance in [*self._all]:
            await instance.aclose()


async def _over(work: asyncio.Future[Any]) -> None:
    """Wait until it is, whatever comes of it; a cancellation of our own waits until then."""
    interrupted: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            interrupted = error
    if not work.cancelled():
        work.exception()  # retrieved, so that nobody warns of it
    if interrupted is not None:
        raise interrupted
