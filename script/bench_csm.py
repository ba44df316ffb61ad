"""What CSM costs: its real size with random weights, beside the library's own generate.

PYTHON script/bench_csm.py [--tiny] [--frames 10] [--voices 3] [--dtype bfloat16]

PYTHON has torch and transformers: <data>/engines/csm, for one. It needs 4 GB of disk and 8 of
memory for a minute, and takes the GPU if there is one. OMP_NUM_THREADS=1 for a machine with other
work: then time of one core is counted, and not that of the clock.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from wyoming_voiceclone.backends.csm import CsmSettings
from wyoming_voiceclone.backends.csm.heard_voices import HeardVoices
from wyoming_voiceclone.backends.csm.model import Csm, load_csm
from wyoming_voiceclone.backends.csm.prompt import sound_prompt, text_ids, text_prompt
from wyoming_voiceclone.backends.csm.sampling import Manner
from wyoming_voiceclone.backends.csm.speaker import Speaker, heard, learnt
from wyoming_voiceclone.backends.csm.speaking import Sentence, Voicebox
from wyoming_voiceclone.testing.random_csm import full_sizes, save_random_csm, tiny_sizes
from wyoming_voiceclone.voices import Reference, SpeakerState

TEXT = "The kitchen light is on, and the door is open. " * 4
SAID = "Ten seconds of somebody who says something or other, as people do when they are asked to."
FRAME_S = 0.08


def recording(hz: float, seconds: float = 10) -> Reference:
    time_s = np.arange(round(seconds * 24_000)) / 24_000
    tone = 0.3 * np.sin(2 * np.pi * hz * time_s) * (1 + np.sin(2 * np.pi * 3 * time_s)) / 2
    return Reference(tone.astype(np.float32), 24_000, SAID, "en")


def now_s() -> float:
    """On one core, what this process has computed: others on the machine do not count then."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = now_s()
    result = work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return now_s() - began, result


def said(box: Voicebox, speaker: Speaker, frames: int) -> tuple[float, float]:
    """Seconds to the first chunk, and of computing for one of speech after it."""
    state = SpeakerState("0" * 64, speaker.tensors())
    steps: Iterator[Any] = box.say(Sentence(TEXT, state, Manner(0.9, 50), 1, 1.0))
    began = now_s()
    first_s = samples = 0.0
    for _, chunk in zip(range(frames), steps, strict=False):
        samples += len(chunk)
        first_s = first_s or (now_s() - began) * bool(len(chunk))
    return first_s, (now_s() - began - first_s) / (frames - 1) / FRAME_S


def by_the_library(csm: Csm, speaker: Speaker, frames: int) -> tuple[float, float]:
    """The same by `generate`, which gives no sound before its end: to the first frame instead."""
    codes = torch.from_numpy(speaker.codes.astype("int64"))
    parts = (
        text_prompt(csm, speaker.tokens.tolist()),
        sound_prompt(csm, codes),
        text_prompt(csm, text_ids(csm, TEXT)),
    )
    embedded = torch.cat(parts)[None]
    mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=csm.device)

    def generate(most: int) -> Any:
        with torch.inference_mode():
            return csm.network.generate(
                inputs_embeds=embedded,
                attention_mask=mask,
                max_new_tokens=most,
                do_sample=True,
                depth_decoder_do_sample=True,
                suppress_tokens=[2048, 2049, 2050] if csm.codes == 2048 else None,
            )

    first_s, _ = timed(lambda: generate(1))
    all_s, _ = timed(lambda: generate(frames))
    return first_s, (all_s - first_s) / (frames - 1) / FRAME_S


def measure(csm: Csm, settings: CsmSettings, asked: argparse.Namespace) -> None:
    learning_s, _ = timed(lambda: learnt(csm, heard(recording(150)), SAID))
    print(f"learning 10 s: {learning_s:.2f} s")
    hertz = [200 + 50 * n for n in range(asked.voices)]
    people = [learnt(csm, heard(recording(hz)), SAID) for hz in hertz]
    voices = HeardVoices(10**10)
    box = Voicebox(csm, settings, voices)
    print("| | first sound, median | real-time factor, median |\n|---|---|---|")
    rows: dict[str, Callable[[Speaker], tuple[float, float]]] = {
        "a voice never spoken as": lambda speaker: said(box, speaker, asked.frames),
        "a voice spoken as before": lambda speaker: said(box, speaker, asked.frames),
        "the library's generate, first frame": lambda one: by_the_library(csm, one, asked.frames),
    }
    for name, speak in rows.items():
        times = [speak(person) for person in people]
        first_s, factor = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"| {name} | {first_s * 1e3:.0f} ms | {factor:.2f} |", flush=True)
    print(f"a voice of 10 s in memory: {voices.bytes / len(people) / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a small model, to try the script")
    parser.add_argument("--frames", type=int, default=10, help="of 80 ms, in each sentence")
    parser.add_argument("--voices", type=int, default=3, help="each says one sentence per row")
    parser.add_argument("--dtype", default="bfloat16")
    asked = parser.parse_args()
    sizes = tiny_sizes() | {"max_position_embeddings": 2048} if asked.tiny else full_sizes()
    with tempfile.TemporaryDirectory() as folder:
        dtype = getattr(torch, asked.dtype)
        save_random_csm(Path(folder), sizes, shard="500KB" if asked.tiny else "1GB", dtype=dtype)
        settings = CsmSettings(model=folder, dtype=asked.dtype, most_frames=1)
        loading_s, csm = timed(lambda: load_csm(Path(folder), settings))
        memory = psutil.Process().memory_info().rss / 1e9
        print(f"{csm.device}, {asked.dtype}, {torch.get_num_threads()} threads")
        print(f"loading: {loading_s:.1f} s; process {memory:.1f} GB")
        measure(csm, settings, asked)
    if torch.cuda.is_available():
        print(f"GPU memory at most: {torch.cuda.max_memory_allocated() / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
