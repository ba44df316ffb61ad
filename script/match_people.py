"""The people that Match is measured with, and the voices that are moved toward them."""

import asyncio
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from script.match_judges import Clip
from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.espeak import EspeakSettings
from wyoming_voiceclone.backends.espeak.backend import EspeakBackend
from wyoming_voiceclone.backends.match.sentences import fit_sentences
from wyoming_voiceclone.backends.match.statistics import VoiceStatistics
from wyoming_voiceclone.testing.conformance import speak

SPEECH = Path(__file__).parents[2] / "shared" / "speech"
READERS = ["ljspeech", *(f"librispeech/{n}" for n in (1688, 1998, 2033, 2609, 3080, 3331))]
FLITE = ["slt", "rms", "awb"]
FIT_S, JUDGED_S = 9.6, 8.0  # at most, of each of five clips
SENTENCES = (
    "The boy was there when the sun rose.",
    "A rod is used to catch pink salmon.",
    "The source of the huge river is the clear spring.",
    "Kick the ball straight and follow through.",
)


@dataclass(frozen=True)
class Person:
    """Clips to fit on, others to judge on."""

    name: str
    fit: list[Clip]
    judged: list[Clip]
    texts: tuple[str, ...] = ()


def reader(name: str) -> Person:
    paths = sorted((SPEECH / name).glob("*.flac"))[:10]
    clips = [soundfile.read(path, dtype="float32") for path in paths]
    return Person(name.rsplit("/", maxsplit=1)[-1], cut(clips[:5], FIT_S), cut(clips[5:], JUDGED_S))


def cut(clips: Sequence[Clip], most_s: float) -> list[Clip]:
    return [(samples[: round(most_s * rate)], rate) for samples, rate in clips]


def flite(voice: str) -> Person:
    def say(text: str) -> Clip:
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            command = ["flite", "-voice", voice, "-t", text, "-o", file.name]
            subprocess.run(command, check=True)  # noqa: S603 -- our own words
            samples, rate = soundfile.read(file.name, dtype="float32")
        return samples, rate

    fit = [say(text) for text in fit_sentences("en")]
    return Person(f"flite {voice}", fit, [say(text) for text in SENTENCES], SENTENCES)


def espeak() -> Person:
    backend = EspeakBackend(EspeakSettings())

    async def say() -> list[Clip]:
        texts = [*fit_sentences("en"), *SENTENCES]
        said = [await speak(backend, SynthesisRequest(text, "espeak-en-us")) for text in texts]
        await backend.aclose()
        return [(samples, rate) for rate, samples in said]

    clips = asyncio.run(say())
    return Person("espeak", clips[:8], clips[8:], SENTENCES)


def statistics(clips: Sequence[Clip], sample: int = 400) -> VoiceStatistics:
    samples = np.concatenate([samples for samples, _ in clips]).astype(np.float64)
    return VoiceStatistics.of_speech(samples, clips[0][1], sample)
