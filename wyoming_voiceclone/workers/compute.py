"""How much of the machine each engine's libraries take: the one place, with the reasons.

Everything here is an environment variable, set before the worker's interpreter starts: these
libraries read them when they are imported, and never again.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Compute:
    """What one engine is given."""

    threads: int | None = None
    """For one operation; None = every physical core this process may use."""
    variables: Mapping[str, str] = field(default_factory=dict)
    without_gpu: Mapping[str, str] = field(default_factory=dict)
    """Variables where the machine has no GPU."""


# everything they need was fetched, pinned and checked, when they were installed: what one of their
# libraries would fetch by itself, nobody has looked at
_FETCHES_NOTHING: Mapping[str, str] = {"HF_HUB_OFFLINE": "1"}

_ENGINES: Mapping[str, Compute] = {
    # facts/engines.md §2, measured: first chunk after 170–200 ms with one thread, 410–520 with two;
    # its matrices are too small to share, and each stream has an instance of its own
    "pocket": Compute(threads=1, variables=_FETCHES_NOTHING),
    # moshi records CUDA graphs and compiles kernels at the first sentence: without a GPU the former
    # are of no use, and the latter want a C++ compiler. Its matrices are large: every core helps
    "kyutai": Compute(
        variables=_FETCHES_NOTHING,
        without_gpu={"NO_CUDA_GRAPH": "1", "NO_TORCH_COMPILE": "1"},
    ),
    # a billion parameters and more are read for each frame: every core helps
    "csm": Compute(variables=_FETCHES_NOTHING),
    "xtts": Compute(variables=_FETCHES_NOTHING),
    # a dozen FFTs per chunk: shared work costs more than it saves
    "match": Compute(threads=1),
}

_EVERYWHERE: Mapping[str, str] = {
    # threads that wait must sleep: spinning ones steal the core that the server answers on
    "OMP_WAIT_POLICY": "PASSIVE",
    "KMP_BLOCKTIME": "0",
    # glibc's arena per thread keeps memory that other threads cannot use
    "MALLOC_ARENA_MAX": "2",
    # tokenizers forks threads for texts of one sentence, and warns about it
    "TOKENIZERS_PARALLELISM": "false",
    # sentences of many lengths fragment the allocator's fixed segments until memory is short with
    # half of it free. Two names: torch 2.9 renamed it
    "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
    "PYTORCH_ALLOC_CONF": "expandable_segments:True",
    # float32 matrices (codecs, embeddings) on tensor cores. Only the default: an engine that must
    # be exact sets torch.set_float32_matmul_precision itself (tried with torch 2.13: it wins)
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1",
    # what a worker has to say is worth a line at once, not a block later
    "PYTHONUNBUFFERED": "1",
}


def environment(engine: str) -> dict[str, str]:
    """The environment of `engine`'s worker; what the user set himself wins. Blocks."""
    share = _ENGINES.get(engine, Compute())
    threads = share.threads or usable_cores()
    counts = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        str(threads),
    )
    without_gpu = {} if has_gpu() else share.without_gpu
    return {**_EVERYWHERE, **counts, **share.variables, **without_gpu, **os.environ}


def has_gpu() -> bool:
    """Whether there is a device that torch may compute on: NVIDIA's, WSL's, AMD's."""
    return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd"))


def usable_cores() -> int:
    """Physical cores (two threads of one core share its arithmetic), as far as we may use them."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, psutil.cpu_count(logical=False) or 1))
