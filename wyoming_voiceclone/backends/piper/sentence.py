"""One sentence on its way to one listener: its steps, what they cost, and when they are due."""

import time
from dataclasses import dataclass

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import Timing
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.model import Scales
from wyoming_voiceclone.backends.piper.phonemes import Run
from wyoming_voiceclone.backends.piper.speech import Speech
from wyoming_voiceclone.backends.piper.timings import timings, word_spans
from wyoming_voiceclone.text.phonemes import spelled

_IDS_PER_CHARACTER = 2.0  # until the phonemes are known


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    """May hold `[[phonemes|spelling]]`."""
    speaker: int = 0
    length_scale: float = 1.0
    """2.0 = twice as slow."""
    noise_scale: float = 0.667
    noise_w_scale: float = 0.8
    seed: int | None = None


class Work:
    """The steps of one sentence, each on any thread, one at a time.

    First the text of a run, which cannot be interrupted; then chunk after chunk of its sound.
    """

    def __init__(self, voice: LoadedVoice, sentence: Sentence) -> None:
        self.voice = voice
        self.timings: list[Timing] = []
        """Filled when the text of a run is done."""
        self.seconds = 0.0
        """Sound made so far."""
        self.chunks = 0
        self.done = False
        self._sentence = sentence
        self._random = np.random.default_rng(_entropy(sentence.seed))
        self._scales = Scales(sentence.noise_scale, sentence.length_scale, sentence.noise_w_scale)
        self._runs: list[Run] | None = None
        self._speech: Speech | None = None
        self._spans: list[tuple[float, float]] = []

    @property
    def frame_s(self) -> float:
        return self.voice.phonemizer.hop / self.voice.rate

    @property
    def frames_left(self) -> int:
        """Of the run whose text is done."""
        return self._speech.frames_left if self._speech is not None else 0

    @property
    def text_is_next(self) -> bool:
        return self.frames_left == 0

    def text_s(self, *, alone: bool) -> float:
        """Expected cost of the next text."""
        ids = len(self._sentence.text) * _IDS_PER_CHARACTER
        if self._runs:
            ids = len(self._runs[0].ids)
        return self.voice.costs(alone=alone).text_s(ids)

    def text(self, *, alone: bool) -> None:
        """Do the text of the next run."""
        if self._runs is None:
            self._runs = self.voice.phonemizer.runs(self._sentence.text)
        if self._runs:
            run = self._runs.pop(0)
            self._speech = self.voice.speech(
                run.ids, self._sentence.speaker, self._scales, self._random, alone=alone
            )
            self._place(run, self._speech)
        self._notice_end()

    def chunk(self, frames: int, *, alone: bool) -> Chunk:
        """The next chunk of sound."""
        if self._speech is None:
            raise ValueError("a run has no sound before its text")
        started, left = time.perf_counter(), self._speech.frames_left
        sound = self._speech.chunk(frames, alone=alone)
        if self.voice.streams:
            made = left - self._speech.frames_left
            costs = self.voice.costs(alone=alone)
            costs.sound_took(made, time.perf_counter() - started)
        self.seconds += sound.size / self.voice.rate
        self.chunks += 1
        self._notice_end()
        return sound

    def _notice_end(self) -> None:
        self.done = not self._runs and self.frames_left == 0

    def _place(self, run: Run, speech: Speech) -> None:
        if not speech.durations.any():
            return
        self._spans += word_spans(run.words, speech.durations, self.frame_s, self.seconds)
        if not self._runs:
            self.timings += timings(spelled(self._sentence.text), self._spans)


def _entropy(seed: int | None) -> int | None:
    return None if seed is None else abs(seed)
