"""Enrolment: a recording becomes a speaker state, where the encoder for it is at hand."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from wyoming_voiceclone.backends.backend import Progress
from wyoming_voiceclone.backends.kyutai.encoder import Encoder, check_encoder, prepared
from wyoming_voiceclone.backends.kyutai.published import ENCODER
from wyoming_voiceclone.backends.kyutai.speaker import Latents
from wyoming_voiceclone.errors import BackendUnavailable, CannotClone
from wyoming_voiceclone.voices import Reference

T = TypeVar("T")


class Enrolment:
    """One recording after the other, in a thread of its own: whoever listens is not held up."""

    def __init__(self, encoder: Path | None, signature: str, codec: dict[str, Any] | None) -> None:
        """Blocks. Raises ConfigError when the encoder is not for the model of that signature."""
        if encoder:
            check_encoder(encoder, signature)
        self._file, self._codec = encoder, codec
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kyutai-learn")

    @property
    def possible(self) -> bool:
        return self._file is not None

    async def latents(self, reference: Reference, progress: Progress | None) -> Latents:
        """Seconds. Raises CannotClone, BadRecording, BackendUnavailable."""
        if self._file is None:
            raise CannotClone(
                f"Kyutai TTS cannot clone: Kyutai keeps the encoder for it ({ENCODER}) to itself — "
                "use Pocket-TTS or Match for this voice, or set mimi_voice_weight in "
                "[engines.kyutai] to the encoder if you have it"
            )
        tell = progress or (lambda _share: None)
        sound = await self._run(partial(prepared, reference))
        tell(0.1)
        encoder = await self._run(partial(Encoder, self._file, self._codec))
        tell(0.5)
        latents = await self._run(partial(encoder.latents, sound))
        tell(1.0)
        return latents

    async def aclose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except RuntimeError as error:
            raise BackendUnavailable(f"kyutai cannot learn this voice ({error})") from error
