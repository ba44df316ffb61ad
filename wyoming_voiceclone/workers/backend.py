"""WorkerBackend: an engine in a process of its own, as a backend."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import (
    AudioStream,
    Capabilities,
    Engine,
    EngineSettings,
    Folders,
    Progress,
    SynthesisRequest,
)
from wyoming_voiceclone.voices import Reference, SpeakerState
from wyoming_voiceclone.workers.journal import Journal
from wyoming_voiceclone.workers.limits import WorkerLimits
from wyoming_voiceclone.workers.manifest import Manifest
from wyoming_voiceclone.workers.orders import WorkerPlan
from wyoming_voiceclone.workers.status import WorkerStatus
from wyoming_voiceclone.workers.supervisor import Supervisor
from wyoming_voiceclone.workers.tenancy import Alone, Tenancy


class WorkerBackend:
    """Whoever asks first starts the process; whoever asks while it is down is refused at once."""

    def __init__(
        self,
        plan: WorkerPlan,
        limits: WorkerLimits | None = None,
        *,
        declared: Capabilities | None = None,
        preload: bool = False,
        log: Path | None = None,
        tenancy: Tenancy | None = None,
    ) -> None:
        """`declared` holds until the worker was met. Reads a file: make it in a thread.

        `preload`: start with the program, and not with the first request. `log`: where its log is
        kept, too. `tenancy`: whom it shares the GPU with.
        """
        self.name = plan.title
        self._manifest = Manifest(plan)
        self._declared = declared or Capabilities(())
        self._preload = preload
        self._journal = Journal(plan.title, log)
        self._supervisor = Supervisor(
            plan, limits or WorkerLimits(), self._manifest, self._journal, tenancy or Alone()
        )

    @property
    def revision(self) -> str:
        """As the worker told when it was met last; "" before that."""
        return self._manifest.hello.revision if self._manifest.hello else ""

    def capabilities(self) -> Capabilities:
        """As the worker told when it was met last, in this run of the program or an earlier one."""
        return self._manifest.hello.capabilities if self._manifest.hello else self._declared

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Speak one sentence there. Raises BackendUnavailable before the first chunk."""
        async with AsyncExitStack() as stack:
            peer = await stack.enter_async_context(self._supervisor.used("speak"))
            stream = await stack.enter_async_context(await peer.synthesize(request))
            return await AudioStream.begin(
                stream.rate,
                _held(stream, stack.pop_all()),
                timings=stream.timings,
                full_scale=stream.full_scale,
            )

    async def enroll(self, reference: Reference, progress: Progress | None = None) -> SpeakerState:
        """Let the engine compute a speaker state."""
        async with self._supervisor.used("learn") as peer:
            return await peer.enroll(reference, progress)

    async def forget(self, keys: Collection[str]) -> None:
        """Let its process forget states; one that does not run remembers nothing anyway."""
        if peer := self._supervisor.running:
            await peer.forget(keys)

    async def warm(self, voices: Sequence[str]) -> None:
        """Start for one of its voices, to preload, or when nobody knows yet what it offers.

        Raises BackendUnavailable.
        """
        if voices or self._preload:
            async with self._supervisor.used("keep"):
                pass
        elif not self._manifest.hello:
            async with self._supervisor.used("learn"):
                pass

    def status(self) -> WorkerStatus:
        """How its process is now."""
        return self._supervisor.status()

    async def start(self) -> None:
        """Return once it is there, whatever failed before. Raises BackendUnavailable."""
        await self._supervisor.start()

    async def stop(self, grace_s: float) -> None:
        """End the process until somebody asks again; sentences have `grace_s` to end."""
        await self._supervisor.stop(grace_s)

    async def aclose(self) -> None:
        """End the process and everything it does."""
        await self._supervisor.aclose()
        await self._journal.aclose()


def in_worker(
    engine: Engine,
    settings: EngineSettings,
    folders: Folders,
    limits: WorkerLimits | None = None,
    *,
    python: Path | None = None,
    preload: bool = False,
    log: Path | None = None,
    tenancy: Tenancy | None = None,
) -> WorkerBackend:
    """What `engine.make(settings, folders)` gives, hosted by a process; call it in a thread too.

    `python` is the interpreter of the engine's own environment, if it has one. What the settings
    hold beyond the engine's own is not its business.
    """
    own = settings.model_dump(mode="json", include={*engine.settings.model_fields})
    plan = WorkerPlan(engine.name, folders, own)
    if python:
        plan = replace(plan, python=python)
    return WorkerBackend(plan, limits, preload=preload, log=log, tenancy=tenancy)


async def _held(stream: AudioStream, held: AsyncExitStack) -> AsyncGenerator[Chunk, None]:
    async with held:
        async for chunk in stream:
            yield chunk
