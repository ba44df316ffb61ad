"""Instances: models that speak to one listener each, as many as may be there at once."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any, Generic, TypeVar

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, VoiceCloneError

M = TypeVar("M")
T = TypeVar("T")

Guard = Callable[[], AbstractContextManager[None]]
"""Entered, in the model's thread, around each thing done with it: whoever knows its faults."""


class Instance(Generic[M]):
    """One model, and the one thread that ever touches it."""

    def __init__(self, name: str, load: Callable[[], M], guard: Guard = nullcontext) -> None:
        self._name, self._load, self._guard = name, load, guard
        self._model: M | None = None
        self._loading: asyncio.Future[M] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    @property
    def is_loaded(self) -> bool:
        return self._model is not None

    async def load(self) -> None:
        """Raises BackendUnavailable; it may be tried again.

        It goes on when whoever waits for it gives up: the next one finds it further.
        """
        if self._model is None:
            if self._loading is None or (self._loading.done() and self._loading.exception()):
                self._loading = self._submit(self._load)
            try:
                self._model = await asyncio.shield(self._loading)
            except VoiceCloneError:
                raise
            except Exception as error:
                raise BackendUnavailable(
                    f"{self._name} cannot be loaded ({type(error).__name__}: {error}) — "
                    f"install it again if this stays so"
                ) from error
            self._loading = None

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
                await _over(self._submit(close, nullcontext))

    async def aclose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)

    def _loaded(self) -> M:
        if self._model is None:
            raise BackendUnavailable(f"{self._name} is not loaded")
        return self._model

    def _submit(self, work: Callable[[], T], guard: Guard | None = None) -> asyncio.Future[T]:
        def guarded() -> T:
            with (guard or self._guard)():
                return work()

        try:
            return asyncio.get_running_loop().run_in_executor(self._thread, guarded)
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

    def __init__(
        self,
        name: str,
        load: Callable[[], M],
        most: int = 1,
        *,
        patience_s: float | None = None,
        guard: Guard = nullcontext,
    ) -> None:
        """`patience_s`: how long `speak` waits for its turn; all else waits as long as it takes."""
        self._name, self._load, self._guard = name, load, guard
        self._most, self._patience_s = most, patience_s
        self._free = asyncio.Semaphore(most)
        self._idle: list[Instance[M]] = []
        self._all: set[Instance[M]] = set()
        self._closed = False

    @asynccontextmanager
    async def borrowed(self, patience_s: float | None = None) -> AsyncIterator[Instance[M]]:
        """A loaded instance of one's own. Raises BackendUnavailable, also when none gets free."""
        await self._turn(patience_s)
        try:
            if self._closed:
                raise BackendUnavailable(f"{self._name} is closed")
            instance = self._next()
            try:
                await instance.load()
                yield instance
            finally:
                self._idle.append(instance)
        finally:
            self._free.release()

    async def speak(self, generate: Callable[[M], Iterator[Chunk]]) -> AsyncGenerator[Chunk, None]:
        """What `generate` yields with an instance that nobody else uses meanwhile.

        Raises BackendUnavailable when all are busy for longer than patience lasts.
        """
        async with self.borrowed(self._patience_s) as instance:
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

    async def _turn(self, patience_s: float | None) -> None:
        try:
            async with asyncio.timeout(patience_s):
                await self._free.acquire()
        except TimeoutError:
            raise BackendUnavailable(
                f"{self._name} is busy: it speaks to {self._most} at once, and none of them was "
                f"done within {patience_s:g} s — let it have more listeners if there is memory"
            ) from None

    def _next(self) -> Instance[M]:
        """The one used last, its weights are in the processor's cache; if one can be, loaded."""
        if not self._idle:
            instance = Instance(self._name, self._load, self._guard)
            self._all.add(instance)
            return instance
        loaded = [instance for instance in self._idle if instance.is_loaded]
        chosen = (loaded or self._idle)[-1]
        self._idle.remove(chosen)
        return chosen


def shared(load: Callable[[], M]) -> Callable[[], M]:
    """What `load` gives, the same for all who ask, from whatever thread; loaded for the first."""
    lock = threading.Lock()
    loaded: list[M] = []

    def once() -> M:
        with lock:
            if not loaded:
                loaded.append(load())
            return loaded[0]

    return once


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
