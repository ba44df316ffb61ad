"""Piper in one process: stock whole sentences, recomputed context, and ours, by ratio.

    python script/bench_piper.py [VOICE.onnx] [--rounds 7] [--threads 2]

Every round speaks each text with each contestant in turn (so a noisy machine is unfair to none)
and with still durations (so all make the same sound). The ratios are medians of per-round ratios
to stock: above 1 is sooner or shorter. `recomputed` is the prototype of ../shared, `streaming-vits`
the package of that name (with its cached state where `streaming-vits export-stream` was run for
this voice before); each takes part if it is there. streaming-vits gets piper-tts's phoneme ids,
and keeps its cut graphs beside the voice, so give it a copy that can be written beside.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from piper.config import SynthesisConfig
from piper.voice import PiperVoice

from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.scheduler import Scheduler
from wyoming_voiceclone.backends.piper.sentence import Sentence

SHARED = Path(__file__).parents[2] / "shared"
CLIENTS = 8
PAUSE_S = 0.2  # stock's idle threads spin for a while and would slow whoever comes next
TEXTS = {
    "short": "The kitchen light is on.",
    "medium": "The meeting in the garden was moved to a quarter past seven because the weather "
    "will probably be better in the evening.",
    "long": "When the old clock in the hall struck nine and the rain had almost stopped, the "
    "children who had been waiting at the window since the early afternoon put on their coats, "
    "took the small lantern from its hook beside the kitchen door, and walked down the long "
    "wet path behind the house to see whether the boat that their uncle had promised them was "
    "really there.",
}

Times = tuple[float, float, float]
"""Seconds to the first chunk, to the end, and of sound."""
Contestant = Callable[[str], Awaitable[Times]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = SHARED / "voices" / "random-medium.onnx"
    parser.add_argument("voice", type=Path, nargs="?", default=default)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)

    asyncio.run(compare(parser.parse_args()))


async def compare(chosen: argparse.Namespace) -> None:
    config = Path(f"{chosen.voice}.json")
    with tempfile.TemporaryDirectory() as cache:
        started = time.perf_counter()
        options = {"cache": Path(cache), "threads": chosen.threads}
        voice = await asyncio.to_thread(LoadedVoice.load, chosen.voice, config, **options)
        cut_s = time.perf_counter() - started
        voice = await asyncio.to_thread(LoadedVoice.load, chosen.voice, config, **options)
        again_s = time.perf_counter() - started - cut_s
    started = time.perf_counter()
    stock = PiperVoice.load(chosen.voice)
    stock_s = time.perf_counter() - started
    print(f"load: stock {stock_s:.2f} s, ours {again_s:.2f} s, cutting {cut_s:.2f} s\n")
    async with aclosing(Scheduler(cores=chosen.threads)) as scheduler:
        contestants: dict[str, Contestant] = {
            "stock": lambda text: timed_blocking(lambda: stock_chunks(stock, text)),
            "ours": lambda text: ours(scheduler, voice, text),
        }
        if (recomputed := prototype(chosen.voice, stock)) is not None:
            contestants["recomputed"] = recomputed
        if find_spec("streaming_vits") is not None:
            contestants["streaming-vits"] = streaming_vits(chosen.voice, stock, chosen.threads)
        await alone(contestants, chosen.rounds)
        await together(contestants, chosen.rounds)


async def alone(contestants: dict[str, Contestant], rounds: int) -> None:
    print("| text | | first ms | total ms | sound s | first | total |")
    print("|---|---|---|---|---|---|---|")
    for name, text in TEXTS.items():
        taken: dict[str, list[Times]] = {who: [] for who in contestants}
        for turn in range(rounds + 1):
            for who, speak in contestants.items():
                await asyncio.sleep(PAUSE_S)
                times = await speak(text)
                taken[who] += [times] if turn else []  # the first round warms up
        for who, rows in taken.items():
            first, total, sound = (statistics.median(column) for column in zip(*rows, strict=True))
            sooner, shorter = (ratio(taken["stock"], rows, column) for column in (0, 1))
            print(f"| {name} | {who} | {first * 1e3:.0f} | {total * 1e3:.0f} | {sound:.1f} "
                  f"| {sooner:.1f}x | {shorter:.2f}x |", flush=True)  # fmt: skip


def ratio(stock: list[Times], ours: list[Times], column: int) -> float:
    pairs = zip(stock, ours, strict=True)
    return statistics.median(one[column] / other[column] for one, other in pairs)


async def together(contestants: dict[str, Contestant], rounds: int) -> None:
    print(f"\n{CLIENTS} listeners at once, medium text")
    print("| | first ms | median ms | last ms | x real time |")
    print("|---|---|---|---|---|")
    for who in ("stock", "ours"):
        rows = []
        for _ in range(rounds):
            await asyncio.sleep(PAUSE_S)
            started = time.perf_counter()
            speak = contestants[who]
            times = await asyncio.gather(*(speak(TEXTS["medium"]) for _ in range(CLIENTS)))
            took = time.perf_counter() - started
            firsts = sorted(first for first, _, _ in times)
            sound = sum(sound for _, _, sound in times)
            rows.append((firsts[0], statistics.median(firsts), firsts[-1], sound / took / 1e3))
        cells = (statistics.median(column) * 1e3 for column in zip(*rows, strict=True))
        print(f"| {who} | " + " | ".join(f"{cell:.0f}" for cell in cells) + " |", flush=True)


async def ours(scheduler: Scheduler, voice: LoadedVoice, text: str) -> Times:
    sentence = Sentence(text, noise_w_scale=0.0)
    playback, started = Playback(), time.perf_counter()
    async with await scheduler.speak(voice, sentence, playback) as stream:
        first, samples = time.perf_counter() - started, 0
        async for chunk in stream:
            playback.hand_over(len(chunk) / voice.rate)
            samples += len(chunk)
    return first, time.perf_counter() - started, samples / voice.rate


_one_at_a_time = asyncio.Lock()


async def timed_blocking(make: Callable[[], Iterator[float]]) -> Times:
    """As wyoming-piper does it: one sentence after the other."""
    started = time.perf_counter()
    async with _one_at_a_time:
        return await asyncio.to_thread(_timed, make, started)


def _timed(make: Callable[[], Iterator[float]], started: float) -> Times:
    first, sound = 0.0, 0.0
    for seconds in make():
        first = first or time.perf_counter() - started
        sound += seconds
    return first, time.perf_counter() - started, sound


def stock_chunks(voice: PiperVoice, text: str) -> Iterator[float]:
    for chunk in voice.synthesize(text, SynthesisConfig(noise_w_scale=0.0)):
        yield len(chunk.audio_int16_bytes) / 2 / chunk.sample_rate


def prototype(model: Path, stock: PiperVoice) -> Contestant | None:
    """The reference that decodes each chunk's context again."""
    folder = SHARED / "piper_prototype"
    if not folder.exists():
        return None
    sys.path.insert(0, str(folder))
    stream: Any = import_module("stream")
    voice = stream.StreamVoice(model)
    scales = stream.Scales(duration_noise=0.0)

    def chunks(text: str) -> Iterator[float]:
        for phonemes in stock.phonemize(text):
            for audio in voice.stream(stock.phonemes_to_ids(phonemes), scales):
                yield len(audio) / stock.config.sample_rate

    return lambda text: timed_blocking(lambda: chunks(text))


def streaming_vits(model: Path, stock: PiperVoice, threads: int) -> Contestant:
    phonemize: Any = import_module("streaming_vits.phonemize")
    phonemize.build = lambda *_, **__: None  # its own starts espeak-ng once per sentence
    package: Any = import_module("streaming_vits")
    speaker = package.StreamingTTS(str(model), threads=threads, verbose=False)
    print(f"streaming-vits: cached state {'on' if speaker.cached else 'off'}\n")
    speaker.phoneme_ids = lambda text: (
        np.array([[i for p in stock.phonemize(text) for i in stock.phonemes_to_ids(p)]]), 0
    )  # fmt: skip
    still = np.array([0.667, 1.0, 0.0], np.float32)

    def chunks(text: str) -> Iterator[float]:
        for chunk in speaker.stream(text, scales=still):
            yield len(chunk.audio) / speaker.sample_rate

    return lambda text: timed_blocking(lambda: chunks(text))


if __name__ == "__main__":
    main()
