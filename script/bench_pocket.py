"""Pocket-TTS at its real size, through the server and beside pocket-tts called directly.

PYTHON script/bench_pocket.py [--model english] [--rounds 15] [--voices 20] [--turns 10]

PYTHON is that of the engine's environment. The weights are random, so that nothing is downloaded:
what is said is noise, at the true speed. The contestants take turns, and each sentence is as long
as the others, for only the cap on its length ends it. All have the environment of a worker.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from wyoming.tts import Synthesize, SynthesizeVoice

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.pocket import PocketSettings
from wyoming_voiceclone.backends.pocket.catalogue import MODELS
from wyoming_voiceclone.backends.pocket.files import locate
from wyoming_voiceclone.backends.pocket.model import PocketModel, load_library
from wyoming_voiceclone.backends.pocket.prompt import listened_to
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.testing.home_assistant import HomeAssistant, loopback
from wyoming_voiceclone.testing.random_pocket import random_pocket
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.reference import read_reference
from wyoming_voiceclone.voices.speaker_cache import SpeakerCache
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan
from wyoming_voiceclone.workers.compute import environment

TEXT = "The light is on."
HOSTED_AS = "wyoming_voiceclone.backends.pocket:ENGINE"
RATE = 24_000
Say = Callable[[], Awaitable[tuple[float, float, float]]]
"""Gives the seconds to the first chunk, to the end, and those of audio."""


@dataclass
class Times:
    first_ms: list[float] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    """Seconds of work for a second of audio."""

    def add(self, first_s: float, total_s: float, audio_s: float) -> None:
        self.first_ms.append(first_s * 1e3)
        self.factor.append(total_s / audio_s)

    def row(self, name: str) -> str:
        first, factor = self.first_ms, self.factor
        return (
            f"| {name} | {statistics.median(first):.0f} ms | {min(first):.0f} ms "
            f"| {statistics.median(factor):.3f} | {min(factor):.3f} |"
        )


@dataclass
class House:
    """The server with its worker, as a household has them."""

    home: HomeAssistant
    cloning: Cloning

    async def say(self, voice: str) -> tuple[float, float, float]:
        heard = await self.home.say_plain(TEXT, voice=voice)
        if heard.error or heard.first_audio_s is None:
            raise SystemExit(f"nothing was heard: {heard.error}")
        return heard.first_audio_s, heard.total_s, heard.seconds

    async def first_ms(self, voice: str) -> float:
        """To the first chunk; the rest is not listened to."""
        async with self.home.connected() as line:
            began = time.perf_counter()
            await line.send(Synthesize(TEXT, SynthesizeVoice(name=voice)))
            while event := await line.receive():
                if event.type == "audio-chunk":
                    elapsed_ms = (time.perf_counter() - began) * 1e3
                    break
            else:
                raise SystemExit("nothing was heard")
        await asyncio.sleep(0.2)  # for the frame in flight
        return elapsed_ms


@asynccontextmanager
async def furnished(folder: Path, settings: PocketSettings) -> AsyncIterator[House]:
    where = Folders(folder / "voices", folder / "data", folder / "cache")
    plan = WorkerPlan(HOSTED_AS, where, settings.model_dump(mode="json"), name="pocket")
    async with AsyncExitStack() as stack:
        worker = await asyncio.to_thread(WorkerBackend, plan)
        stack.push_async_callback(worker.aclose)
        library = VoiceLibrary(where.voices, folder / "index.json")
        await asyncio.to_thread(library.rescan)
        speakers = SpeakerCache(where.cache)
        stack.push_async_callback(speakers.aclose)
        cloning = Cloning(library, speakers, patience_s=300)
        await worker.warm([])
        router = Router([cloning.over(worker)], RouterLimits(300, 60), cloning)
        yield House(await stack.enter_async_context(loopback(Speech(router))), cloning)


def record(folder: Path, number: int) -> Path:
    """12 s of a voice of its own: syllables at some pitch."""
    time_s = np.arange(12 * RATE) / RATE
    tone = sum(np.sin(2 * np.pi * (90 + 11 * number) * n * time_s) / n for n in range(1, 8))
    syllables = np.clip(3 * np.sin(2 * np.pi * 2.5 * time_s) + 1, 0, 1)
    path = folder / f"voice{number:02d}" / "reference.wav"
    path.parent.mkdir(parents=True)
    soundfile.write(path, 0.2 * tone * syllables, RATE)
    os.utime(path, (time.time() - 60,) * 2)  # as if nobody were still copying it
    return path


def timed(chunks: Iterable[Chunk]) -> tuple[float, float, float]:
    began, samples, first_s = time.perf_counter(), 0, 0.0
    for chunk in chunks:
        first_s = first_s or time.perf_counter() - began
        samples += len(chunk)
    return first_s, time.perf_counter() - began, samples / RATE


def contestants(folder: Path, settings: PocketSettings, reference: Path) -> dict[str, Say]:
    """pocket-tts as its makers call it, and our engine in this process."""
    (files,) = locate(settings, Folders(folder, folder, folder))
    model, library = PocketModel(files), load_library(files)
    samples = listened_to(read_reference(reference), RATE, settings.reference_s)
    prompt = model.listen(samples)
    state: Any = library.get_state_for_audio_prompt(_tensor(samples))

    async def theirs() -> tuple[float, float, float]:
        return await asyncio.to_thread(timed, library.generate_audio_stream(state, TEXT))

    async def ours() -> tuple[float, float, float]:
        return await asyncio.to_thread(timed, model.speak(prompt, TEXT))

    return {"pocket-tts, called directly": theirs, "our engine, called directly": ours}


def _tensor(samples: Chunk) -> Any:
    import torch  # noqa: PLC0415 -- pocket-tts is imported by now

    return torch.from_numpy(samples.copy())[None]


async def compare(house: House, direct: dict[str, Say], voice: str, rounds: int) -> None:
    turns: dict[str, Say] = {**direct, "through the server": partial(house.say, voice)}
    times = {name: Times() for name in turns}
    for turn in range(rounds + 1):
        # forth and back: whoever comes after a pause is not always the same
        for name, say in list(turns.items())[:: -1 if turn % 2 else 1]:
            measured = await say()
            if turn:  # the first one warms up
                times[name].add(*measured)
    print(
        "| | first chunk, median | best | real-time factor, median | best |\n|---|---|---|---|---|"
    )
    for name, one in times.items():
        print(one.row(name))
    behind = times["through the server"]
    for name in direct:
        _tell_difference(name, behind, times[name])


def _tell_difference(name: str, server: Times, direct: Times) -> None:
    first = [a - b for a, b in zip(server.first_ms, direct.first_ms, strict=True)]
    factor = [a / b for a, b in zip(server.factor, direct.factor, strict=True)]
    print(
        f"the server beside {name}: first chunk {statistics.median(first):+.1f} ms (of the best "
        f"{min(server.first_ms) - min(direct.first_ms):+.1f}), time in all "
        f"{statistics.median(factor) - 1:+.1%} (of the best "
        f"{min(server.factor) / min(direct.factor) - 1:+.1%})"
    )


async def switch(house: House, names: list[str], rounds: int) -> None:
    """Another voice each time, beside the same one again."""
    learning = [await house.first_ms(name) for name in names]
    for name in names:  # the worker is sent what only the cache held
        await house.first_ms(name)
    same, other = [], []
    for _ in range(rounds):
        for name in names:
            other.append(await house.first_ms(name))
            same.append(await house.first_ms(name))
    print(f"\nfirst chunk of each of {len(names)} voices, median and best:")
    print(f"  the first time ever, learnt meanwhile: {_two(learning)}")
    print(f"  the same voice again: {_two(same)}")
    print(f"  another voice each time: {_two(other)}")
    paired = statistics.median(b - a for a, b in zip(same, other, strict=True))
    print(f"  switching: {paired:+.1f} ms, of the best {min(other) - min(same):+.1f} ms")


def _two(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} and {min(times):.0f} ms"


async def main(model: str, rounds: int, voices: int, turns: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = random_pocket(folder / "weights", model, ends=False)
        references = [record(folder / "voices", number) for number in range(voices)]
        language = MODELS[model].language
        settings = PocketSettings(
            model=str(weights), languages=(language,), models={language: model}
        )
        async with furnished(folder, settings) as house:
            direct = await asyncio.to_thread(contestants, folder, settings, references[0])
            await compare(house, direct, "voice00", rounds)
            direct.clear()
            await switch(house, [path.parent.name for path in references], turns)


if __name__ == "__main__":
    if os.environ != (wanted := environment("pocket")):  # read when torch is imported: begin anew
        os.execve(sys.executable, [sys.executable, *sys.argv], wanted)  # noqa: S606
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="english", choices=MODELS)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--voices", type=int, default=20)
    parser.add_argument("--turns", type=int, default=10, help="with each of the voices")
    chosen = parser.parse_args()
    print(f"{chosen.model}, Python {sys.version.split()[0]}\n", flush=True)
    asyncio.run(main(chosen.model, chosen.rounds, chosen.voices, chosen.turns))
