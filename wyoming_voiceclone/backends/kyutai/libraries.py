"""What moshi reads from its environment: set before it is imported, for its process only."""

import os
import shutil

from wyoming_voiceclone.backends.devices import device_for


def prepare_libraries(device: str, listeners: int) -> str:
    """The device to run on. What the user set himself wins. Raises BackendUnavailable."""
    import torch  # noqa: PLC0415 -- seconds; only whoever loads a model waits for it

    chosen = device_for(device, "kyutai")
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)  # of this thread: graphs and seeds belong to the current one
    prepare_environment(chosen.type, listeners)
    return str(chosen)


def prepare_environment(kind: str, listeners: int) -> None:
    """`kind` of the device: cpu or cuda."""
    if kind == "cpu" or listeners > 1:
        # a graph is captured for a whole process: two threads cannot do it at once
        os.environ.setdefault("NO_CUDA_GRAPH", "1")
    if kind == "cpu" or not any(map(shutil.which, ("cc", "gcc", "clang"))):
        # compiled kernels need a C compiler where they run; on a CPU they bring nothing here
        os.environ.setdefault("NO_TORCH_COMPILE", "1")


def uses_graphs(device: str) -> bool:
    """Whether moshi captures CUDA graphs there; it asks the environment as we do."""
    return device != "cpu" and os.environ.get("NO_CUDA_GRAPH", "").lower() in {"", "0", "n", "no"}
