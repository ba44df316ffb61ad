"""One sentence: its frames, gathered into chunks of samples that grow."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.tempo import Tempo
from wyoming_voiceclone.backends.csm import ENGINE
from wyoming_voiceclone.backends.csm.frames import FRAMES_PER_S, Frames
from wyoming_voiceclone.backends.csm.heard_voices import HeardVoices
from wyoming_voiceclone.backends.csm.mimi import MimiStream
from wyoming_voiceclone.backends.csm.model import Csm
from wyoming_voiceclone.backends.csm.prompt import text_ids, text_prompt
from wyoming_voiceclone.backends.csm.sampling import Chance, Manner
from wyoming_voiceclone.backends.csm.settings import CsmSettings
from wyoming_voiceclone.backends.csm.speaker import Speaker
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.voices import SpeakerState

_LETTERS_PER_S = 15
"""As people read aloud."""
_PAUSE_S = 3.0
"""A text may take this long …"""
_SLOWEST = 3.0
"""… and this many times as long as people read it aloud."""
_NOTHING: Chunk = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    state: SpeakerState
    manner: Manner
    seed: int | None
    speed: float


class Voicebox:
    """Speaks to one listener at a time; several share a model and what it heard of the voices."""

    def __init__(self, csm: Csm, settings: CsmSettings, voices: HeardVoices) -> None:
        self.csm = csm
        self._settings, self._voices = settings, voices
        graphed = settings.cuda_graphs and csm.device.type == "cuda"
        self._frames = Frames(csm, graphed=graphed)
        if graphed:
            self._frames.warm(Manner.of(settings))

    def say(self, sentence: Sentence) -> Iterator[Chunk]:
        """One step per frame, empty where no chunk is full: it can be left after each of them.

        Raises BackendUnavailable for another engine's state, and text that it cannot take in.
        """
        speaker = Speaker.of_state(sentence.state, self.csm)
        heard = self._voices.of(speaker, self.csm)
        ids = text_ids(self.csm, sentence.text)
        room = self.csm.positions - heard.get_seq_length() - len(ids) - 2
        if room < _usual_frames(sentence.text):
            raise BackendUnavailable(
                f"csm takes in {self.csm.positions} frames and tokens, and after the recording "
                f"and {len(ids)} tokens of text there is room for {max(0, room)} — say it shorter"
            )
        chance = Chance(sentence.manner, sentence.seed, self.csm.device)
        most = min(self._most_frames(sentence.text), room)
        frames = self._frames.spoken(heard, text_prompt(self.csm, ids), chance, most)
        tempo = Tempo(ENGINE.declared.rate, sentence.speed)
        for chunk in self._chunks(frames):
            yield tempo.feed(chunk) if len(chunk) else chunk
        yield tempo.finish()

    def _chunks(self, frames: Iterator[torch.Tensor]) -> Iterator[Chunk]:
        codec = MimiStream(self.csm.network.codec_model)
        size, gathered = self._settings.first_frames, list[torch.Tensor]()
        for frame in frames:
            gathered.append(frame)
            if len(gathered) < size:
                yield _NOTHING
                continue
            yield _samples(codec, gathered)
            size, gathered = min(2 * size, self._settings.most_frames), []
        if gathered:
            yield _samples(codec, gathered)

    def _most_frames(self, text: str) -> int:
        """The model does not always find its end, and would go on with anything."""
        longest = round(self._settings.longest_s * FRAMES_PER_S)
        return min(round(_PAUSE_S * FRAMES_PER_S + _SLOWEST * _usual_frames(text)), longest)


def _usual_frames(text: str) -> float:
    return max(1.0, len(text) / _LETTERS_PER_S * FRAMES_PER_S)


def _samples(codec: MimiStream, frames: list[torch.Tensor]) -> Chunk:
    samples: Chunk = codec.feed(torch.stack(frames)).float().cpu().numpy()
    return samples
