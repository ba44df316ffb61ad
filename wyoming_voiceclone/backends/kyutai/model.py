"""KyutaiModel: one loaded model, which speaks to one listener at a time."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from moshi.conditioners import ConditionAttributes, TensorCondition
from moshi.models import MimiModel
from moshi.models.loaders import CheckpointInfo
from moshi.models.tts import TTSModel

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.kyutai.checkpoint import Checkpoint
from wyoming_voiceclone.backends.kyutai.generator import (
    DROPPED_FRAMES,
    Conditions,
    Generator,
    Order,
)
from wyoming_voiceclone.backends.kyutai.libraries import uses_graphs
from wyoming_voiceclone.backends.kyutai.manner import Manner
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.speaker import NAME, SHAPE, Latents, Speaker
from wyoming_voiceclone.backends.kyutai.words import Heard, Words
from wyoming_voiceclone.backends.sampling import seeded
from wyoming_voiceclone.errors import BackendUnavailable

_NOTHING: Chunk = np.zeros(0, np.float32)
_REMEMBERED = 32
"""Speakers as the model takes them in, 2.5 MB each: as many as a household has voices."""


class KyutaiModel:
    """Touched by one thread only. Making one loads it: seconds. Raises BackendUnavailable."""

    def __init__(self, checkpoint: Checkpoint, settings: KyutaiSettings, device: str) -> None:
        self._device = device
        self._tts = load_tts(checkpoint, settings, device)
        self._graphs = uses_graphs(device)
        self._known: OrderedDict[tuple[str, float], Conditions] = OrderedDict()
        nobody = self._taken_in(_nobody(), settings.guidance)
        self._generator = Generator(self._tts, self._fused(nobody), nobody)
        self.codec.streaming_forever(1)
        if self._graphs:
            self._warm(Manner(settings.temperature, settings.guidance, 1.0))

    @property
    def codec(self) -> MimiModel:
        return self._tts.mimi

    def speak(
        self, speaker: Speaker, words: Words, manner: Manner, heard: Heard
    ) -> Iterator[Chunk]:
        """One chunk for each step; empty where there is no sound yet."""
        order = Order(
            words,
            self._conditions(speaker, manner.guidance),
            manner.temperature,
            round(manner.longest_s * self.codec.frame_rate) + self._tts.delay_steps,
            heard,
        )
        yield from self._drawn(self.decoded(self._generator.codes(order)), manner.seed)

    def decoded(self, frames: Iterator[torch.Tensor | None]) -> Iterator[Chunk]:
        """The sound of codes [1, codebooks, 1] as they come, without the click they begin with."""
        self.codec.reset_streaming()
        silent = DROPPED_FRAMES
        for frame in frames:
            if frame is None:
                yield _NOTHING
                continue
            with torch.no_grad():
                sound = self.codec.decode(frame).clamp(-1, 1)
            yield _NOTHING if silent else sound[0, 0].float().cpu().numpy()
            silent = max(0, silent - 1)

    def _drawn(self, chunks: Iterator[Chunk], seed: int | None) -> Iterator[Chunk]:
        if seed is not None and self._graphs:
            # graphs draw from the process's generator; they exist for a single listener only
            torch.cuda.manual_seed(seed)
            return chunks
        return seeded(chunks, seed, self._device)

    def _conditions(self, speaker: Speaker, guidance: float) -> Conditions:
        """Kept by content: a state says itself what its key is, and may come from anywhere."""
        latents = speaker()
        key = hashlib.sha256(latents.tobytes()).hexdigest(), guidance
        if key not in self._known:
            self._known[key] = self._fused(self._taken_in(latents, guidance))
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def _taken_in(self, latents: Latents, guidance: float) -> Any:
        """As moshi's make_condition_attributes: up to five speakers, of whom one is there."""
        room = torch.zeros(1, self._tts.max_speakers, SHAPE[2], SHAPE[1])
        there = torch.zeros(1, self._tts.max_speakers, SHAPE[2], dtype=torch.bool)
        room[:, 0], there[:, 0] = torch.from_numpy(latents).transpose(1, 2), True
        voice = TensorCondition(room.flatten(1, 2), there.flatten(1))
        distilled = bool(self._tts.valid_cfg_conditionings)
        text = {"control": "ok", "cfg": f"{guidance:.1f}" if distilled else None}
        with torch.no_grad():
            return self._tts.lm.condition_provider.prepare_and_provide(
                [ConditionAttributes(text=text, tensor={NAME: voice})]
            )

    def _fused(self, taken_in: Any) -> Conditions:
        fuser, dtype = self._tts.lm.fuser, self._tts.lm.dtype
        with torch.no_grad():
            return Conditions(
                fuser.get_sum(taken_in).to(dtype), fuser.get_cross(taken_in).to(dtype)
            )

    def _warm(self, manner: Manner) -> None:
        """Have the graphs captured before the first listener comes."""
        speech = self.speak(_nobody, Words.of("one two three"), manner, lambda *_: None)
        for _ in islice(speech, self._tts.delay_steps + 6):
            pass


def _nobody() -> Latents:
    return np.zeros(SHAPE, np.float32)


def load_tts(checkpoint: Checkpoint, settings: KyutaiSettings, device: str) -> TTSModel:
    """Moshi's own model, from local files alone. Blocks. Raises BackendUnavailable."""
    codec = checkpoint.file("mimi_config_name")
    info = CheckpointInfo.from_hf_repo(
        "local",  # nothing is asked of the hub: every path is given
        moshi_weights=checkpoint.file("moshi_name"),
        mimi_weights=checkpoint.file("mimi_name"),
        tokenizer=checkpoint.file("tokenizer_name"),
        config_path=checkpoint.folder / "config.json",
        mimi_config_path=codec,
        lora_weights=checkpoint.file("lora_name"),
    )
    tts = TTSModel.from_checkpoint_info(
        info,
        n_q=min(settings.codebooks, checkpoint.codebooks),
        temp=settings.temperature,
        device=device,
        dtype=torch.bfloat16,  # as published; on a CPU, too: half the memory
    )
    if not tts.multi_speaker:
        raise BackendUnavailable(
            f"{checkpoint.folder}: this model takes no voices — use kyutai/tts-1.6b-en_fr"
        )
    return tts
