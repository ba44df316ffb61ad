"""A Piper voice in memory: what a scheduler needs to speak with it."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np

from wyoming_voiceclone.backends.piper import cache as cut_voices
from wyoming_voiceclone.backends.piper.costs import Costs
from wyoming_voiceclone.backends.piper.entry import PARTS, Facts
from wyoming_voiceclone.backends.piper.model import CutModel, Scales
from wyoming_voiceclone.backends.piper.phonemes import Phonemizer
from wyoming_voiceclone.backends.piper.sessions import Session, whole_session
from wyoming_voiceclone.backends.piper.speech import CutSpeech, Speech, WholeSpeech
from wyoming_voiceclone.errors import BackendUnavailable

_LOG = logging.getLogger(__name__)
_WARM_UP_IDS = 60
# bytes in memory per byte of the graphs: weights, and what the sessions keep for their next run
# (medium, 63 MB: 233 MB after long sentences), twice over where there is a session for each core
_IN_MEMORY = 2.1
_IN_MEMORY_TWICE = 3.7


class LoadedVoice:
    """Made by `load`. Blocking; safe from any thread, for several sentences at a time."""

    def __init__(
        self,
        name: str,
        phonemizer: Phonemizer,
        model: CutModel | Session,
        facts: Facts,
        memory_bytes: float,
    ) -> None:
        self.name = name
        self.rate = phonemizer.rate
        self.full_scale = facts.full_scale
        self.memory_bytes = round(memory_bytes)
        self.streams = isinstance(model, CutModel)
        self.phonemizer = phonemizer
        self._costs = {True: Costs(), False: Costs()}
        self._speakers = phonemizer.speakers
        self._model = model

    @classmethod
    def load(
        cls,
        model: Path,
        config: Path,
        *,
        cache: Path | None,
        threads: int,
        stop: Event | None = None,
    ) -> "LoadedVoice":
        """Open a stock voice. Blocking: seconds the first time, then about one.

        Raises BackendUnavailable when a file is broken or missing, or once `stop` is set.
        """
        phonemizer = Phonemizer(config)
        try:
            voice = cls._opened(model, config, phonemizer, cache, threads, stop)
        except OSError as error:
            raise BackendUnavailable(f"{model}: {error} — download the voice again") from error
        voice.warm_up()
        return voice

    @classmethod
    def _opened(
        cls,
        model: Path,
        config: Path,
        phonemizer: Phonemizer,
        cache: Path | None,
        threads: int,
        stop: Event | None,
    ) -> "LoadedVoice":
        if cache is not None and (folder := cut_voices.find(model, cache)) is not None:
            try:
                return cls._from(folder, model, phonemizer, threads)
            except BackendUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  onnxruntime's errors have no common root
                _LOG.info(
                    "%s: the cut voice on disk is unusable (%s): cut again", model.stem, error
                )
        with cut_voices.made(model, config, cache, stop) as folder:
            return cls._from(folder, model, phonemizer, threads)

    @classmethod
    def _from(
        cls, folder: Path, model: Path, phonemizer: Phonemizer, threads: int
    ) -> "LoadedVoice":
        facts = Facts.read(folder)
        if not facts.reason:
            size = sum((folder / f"{part}.onnx").stat().st_size for part in PARTS)
            memory_bytes = size * (_IN_MEMORY_TWICE if threads > 1 else _IN_MEMORY)
            return cls(model.stem, phonemizer, CutModel(folder, threads), facts, memory_bytes)
        _LOG.warning("%s speaks whole sentences, without streaming: %s", model.stem, facts.reason)
        try:
            whole = whole_session(model, threads)
        except Exception as error:
            raise BackendUnavailable(f"{model}: {error} — download the voice again") from error
        return cls(model.stem, phonemizer, whole, facts, model.stat().st_size * _IN_MEMORY)

    def costs(self, *, alone: bool) -> Costs:
        """What runs take that have all the cores for themselves, or one core each."""
        return self._costs[alone]

    def speech(
        self,
        ids: Sequence[int],
        speaker: int,
        scales: Scales,
        random: np.random.Generator,
        *,
        alone: bool,
    ) -> Speech:
        """Begin to speak one run of ids: computes what is needed of the text."""
        if not 0 <= speaker < self._speakers:
            known = f"0 to {self._speakers - 1}"
            raise BackendUnavailable(f"{self.name}: it has no speaker {speaker} — use {known}")
        started = time.perf_counter()
        speech: Speech
        if isinstance(self._model, CutModel):
            encoded = self._model.encode(ids, speaker, scales, random, alone=alone)
            speech = CutSpeech(self._model, encoded, random)
        else:
            speech = WholeSpeech(self._model, ids, speaker, scales)
        self.costs(alone=alone).text_took(len(ids), time.perf_counter() - started)
        return speech

    def warm_up(self) -> None:
        """Learn what things cost here, before anybody waits."""
        for alone in (True, False):
            for _ in range(2):  # the first one also pays for memory
                self._costs[alone] = Costs()
                self._warm_up(alone=alone)

    def _warm_up(self, *, alone: bool) -> None:
        ids = [1, 0, *[20, 0] * (_WARM_UP_IDS // 2), 2]
        speech = self.speech(ids, 0, Scales(), np.random.default_rng(0), alone=alone)
        while speech.frames_left and self.streams:
            started, left = time.perf_counter(), speech.frames_left
            speech.chunk(20, alone=alone)
            frames = left - speech.frames_left
            self.costs(alone=alone).sound_took(frames, time.perf_counter() - started)
