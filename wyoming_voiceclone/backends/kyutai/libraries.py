"""What moshi reads from its environment: set before it is imported, for its process only."""

import os
import shutil
from typing import Literal


def prepare_libraries(device: Literal["auto", "cpu", "cuda"], streams: int) -> str:
    """The device to run on. What the user set himself wins."""
    import torch  # noqa: PLC0415 -- seconds; only whoever loads the model waits for it

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" or streams > 1:
        # a graph is captured for a whole process: two threads cannot do it at once
        os.environ.setdefault("NO_CUDA_GRAPH", "1")
    if device == "cpu" or not any(map(shutil.which, ("cc", "gcc", "clang"))):
        # compiled kernels need a C compiler where they run; on a CPU they bring nothing here
        os.environ.setdefault("NO_TORCH_COMPILE", "1")
    return device


def uses_graphs(device: str) -> bool:
    """Whether moshi captures CUDA graphs there; it asks the environment as we do."""
    return device != "cpu" and os.environ.get("NO_CUDA_GRAPH", "").lower() in {"", "0", "n", "no"}
