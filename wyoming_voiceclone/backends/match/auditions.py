"""Auditions: the statistics of base voices, learnt by listening to them once."""

import asyncio
import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import Backend, SynthesisRequest
from wyoming_voiceclone.backends.match.sentences import fit_sentences
from wyoming_voiceclone.backends.match.statistics import VoiceStatistics
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.voices import Voice

VERSION = "2"
"""Of the analysis: statistics of another version are not comparable."""
_SEED = 1
_SAMPLE = 400  # voiced frames
_LONGEST_S = 60.0  # of one sentence: a base that does not end is no base


class Auditions:
    """Kept in memory, and in `folder` when there is one; a damaged file is made anew."""

    def __init__(self, base: Backend, executor: Executor, folder: Path | None) -> None:
        self._base, self._executor, self._folder = base, executor, folder
        self._known: dict[str, VoiceStatistics] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(
        self, voice: Voice, language: str, progress: Callable[[float], None] | None = None
    ) -> VoiceStatistics:
        """Seconds the first time. Raises BackendError when the voice cannot speak now."""
        key = _key(self._base.name, voice, language)
        async with self._locks[key]:
            if key not in self._known:
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(self._executor, self._load, key)
                self._known[key] = found or await self._listen(key, voice, language, progress)
        if progress:
            progress(1.0)
        return self._known[key]

    async def _listen(
        self,
        key: str,
        voice: Voice,
        language: str,
        progress: Callable[[float], None] | None,
    ) -> VoiceStatistics:
        sentences, spoken, rate = fit_sentences(language), [], 0
        for number, sentence in enumerate(sentences):
            samples, rate = await self._spoken(sentence, voice, language)
            spoken.append(samples)
            if progress:
                progress((number + 1) / (len(sentences) + 1))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._learn, key, spoken, rate)

    async def _spoken(self, text: str, voice: Voice, language: str) -> tuple[Chunk, int]:
        request = SynthesisRequest(text, voice.name, language=language, seed=_SEED)
        chunks, count = [np.zeros(0, np.float32)], 0
        async with await self._base.synthesize(request) as stream:
            async for chunk in stream:
                chunks.append(chunk)
                count += len(chunk)
                if count > _LONGEST_S * stream.rate:
                    break
        return np.concatenate(chunks), stream.rate

    def _learn(self, key: str, spoken: list[Chunk], rate: int) -> VoiceStatistics:
        samples = np.concatenate(spoken).astype(np.float64)
        try:
            learnt = VoiceStatistics.of_speech(samples, rate, _SAMPLE)
        except ValueError as error:
            raise BackendUnavailable(f"match: {error} in what {self._base.name} says") from error
        tensors = learnt.tensors()
        self._save(key, save(tensors))
        return VoiceStatistics.from_tensors(tensors)  # as they will be when read again

    def _load(self, key: str) -> VoiceStatistics | None:
        if self._folder is None:
            return None
        try:
            return VoiceStatistics.from_tensors(load(self._path(self._folder, key).read_bytes()))
        except (OSError, SafetensorError, ValueError):
            return None

    def _save(self, key: str, data: bytes) -> None:
        if self._folder is None:
            return
        temporary = ""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                temporary = file.name
                file.write(data)
            Path(temporary).replace(self._path(self._folder, key))
        except OSError:  # full or read-only: memory will do
            if temporary:
                Path(temporary).unlink(missing_ok=True)

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / f"{key}.safetensors"


def _key(base: str, voice: Voice, language: str) -> str:
    parts = (VERSION, base, voice.name, voice.revision, *fit_sentences(language))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
