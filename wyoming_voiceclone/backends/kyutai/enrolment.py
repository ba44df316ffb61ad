"""Enrolment: a recording becomes a speaker state, where the encoder for it is at hand."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from wyoming_voiceclone.backends.backend import Progress
from wyoming_voiceclone.backends.instances import Instances
from wyoming_voiceclone.backends.kyutai.checkpoint import Checkpoint
from wyoming_voiceclone.backends.kyutai.encoder import Encoder, check_encoder, prepared
from wyoming_voiceclone.backends.kyutai.libraries import prepare_libraries
from wyoming_voiceclone.backends.kyutai.published import ENCODER
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.speaker import Latents
from wyoming_voiceclone.errors import CannotClone
from wyoming_voiceclone.voices import Reference


class Enrolment:
    """One recording after the other, in a thread of its own: whoever listens is not held up."""

    def __init__(self, settings: KyutaiSettings, checkpoint: Checkpoint) -> None:
        """Blocks. Raises ConfigError when the encoder is not for the model of the checkpoint."""
        setting = settings.mimi_voice_weight
        self.encoder = Path(setting).expanduser() if setting else None
        """Where it lies; None: nobody can be cloned."""
        if self.encoder:
            check_encoder(self.encoder, checkpoint.signature)
        self._settings, self._codec = settings, checkpoint.codec()
        self._thread = Instances("kyutai-learn", self._loader)

    async def latents(self, reference: Reference, progress: Progress | None) -> Latents:
        """Seconds. Raises CannotClone, BadRecording, BackendUnavailable."""
        if (file := self.encoder) is None:
            raise CannotClone(
                f"Kyutai TTS cannot clone: Kyutai keeps the encoder for it ({ENCODER}) to itself — "
                "use Pocket-TTS or Match for this voice, or set mimi_voice_weight in "
                "[engines.kyutai] to the encoder if you have it"
            )
        tell = progress or (lambda _share: None)
        sound = await asyncio.to_thread(prepared, reference)
        async with self._thread.borrowed() as thread:
            tell(0.1)
            encoder = await thread.run(lambda load: load(file))
            tell(0.5)
            latents = await thread.run(lambda _: encoder.latents(sound))
            tell(1.0)
        return latents

    async def aclose(self) -> None:
        await self._thread.aclose()

    def _loader(self) -> Callable[[Path], Encoder]:
        """It is loaded for each recording, and let go of: people seldom enrol two."""
        prepare_libraries(self._settings.device, self._settings.listeners)
        return partial(Encoder, codec=self._codec)
