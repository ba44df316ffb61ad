"""HostedEngine: an engine that is installed on demand, there or not."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.backends import (
    AudioStream,
    Capabilities,
    Engine,
    Folders,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.environments.installed import RECEIPT, fault, home_of, python_of
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.voices import Reference, SpeakerState
from wyoming_voiceclone.workers import WorkerBackend, WorkerStatus

LOG = "log"
"""The worker's, in the engine's home."""
_GRACE_S = 10.0
"""For the sentences of a worker whose installation was changed."""

Make = Callable[[Path], WorkerBackend]
"""Makes the worker that a python is to run. Blocks."""


@dataclass(frozen=True, slots=True)
class Installation:
    python: Path | None
    """None: it cannot be used."""
    fault: str = ""
    """Why; "" = it was never installed."""
    receipt: tuple[int, int] | None = None
    """Of what was looked at; changes when it is installed anew."""


class HostedEngine:
    """Its worker, where it is installed; else a backend that has no voices and refuses."""

    def __init__(self, engine: Engine, folders: Folders, make: Make) -> None:
        self.name = engine.name
        self.worker: WorkerBackend | None = None
        self._engine, self._folders, self._make = engine, folders, make
        self._found = Installation(None)
        self._looking = asyncio.Lock()

    @property
    def is_installed(self) -> bool:
        return self._found.python is not None

    @property
    def fault(self) -> str:
        """Why it cannot be used though it was installed; "" where nothing is wrong."""
        return self._found.fault

    @property
    def remedy(self) -> str:
        return f"run `wyoming-voiceclone engines install {self.name}`"

    @property
    def revision(self) -> str:
        return self.worker.revision if self.worker else ""

    def capabilities(self) -> Capabilities:
        return self.worker.capabilities() if self.worker else Capabilities(())

    def status(self) -> WorkerStatus:
        return self.worker.status() if self.worker else WorkerStatus("stopped")

    async def looks_changed(self) -> bool:
        """Whether `look` may find something else than the last time; cheap."""
        return self._found.receipt != await asyncio.to_thread(_receipt, self._engine, self._folders)

    async def look(self) -> None:
        """See whether it is installed now; the worker of another installation ends."""
        async with self._looking:
            found = await asyncio.to_thread(installation, self._engine, self._folders)
            if found == self._found:
                return
            self._found, old, self.worker = found, self.worker, None
            if old:
                try:
                    await old.stop(_GRACE_S)
                finally:
                    await old.aclose()
            if found.python:
                self.worker = await asyncio.to_thread(self._make, found.python)

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        return await self._present().synthesize(request)

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        return await self._present().enroll(reference, progress)

    async def forget(self, keys: Collection[str]) -> None:
        if self.worker:
            await self.worker.forget(keys)

    async def warm(self, voices: Sequence[str]) -> None:
        if self.worker:
            await self.worker.warm(voices)

    async def start(self) -> None:
        """Return once its worker is there. Raises BackendUnavailable."""
        await self.look()
        await self._present().start()

    async def stop(self, grace_s: float) -> None:
        """End its worker until somebody asks again."""
        if self.worker:
            await self.worker.stop(grace_s)

    async def aclose(self) -> None:
        if self.worker:
            await self.worker.aclose()

    def _present(self) -> WorkerBackend:
        if self.worker is None:
            fact = self.fault or "is not installed"
            raise BackendUnavailable(f"{self.name}: {fact} — {self.remedy}")
        return self.worker


def installation(engine: Engine, folders: Folders) -> Installation:
    """How the engine is installed on this machine now. Blocks."""
    receipt = _receipt(engine, folders)  # first: what changes after this is seen the next time
    wrong = fault(engine, folders)
    if wrong is not None:
        return Installation(None, wrong, receipt)
    return Installation(python_of(home_of(engine, folders)), receipt=receipt)


def _receipt(engine: Engine, folders: Folders) -> tuple[int, int] | None:
    try:
        about = (home_of(engine, folders) / RECEIPT).stat()
    except FileNotFoundError:
        return None
    return about.st_ino, about.st_mtime_ns


def log_of(engine: Engine, folders: Folders) -> Path:
    """Where its worker's log is kept, while it is installed."""
    return home_of(engine, folders) / LOG
