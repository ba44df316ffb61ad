"""A GPU that fails for good at the next thing that a model computes: no real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def failing_gpu() -> Iterator[None]:
    """Needs torch. In the whole process, for as long as it is entered."""
    import torch  # noqa: PLC0415

    def fail(_module: Any, _inputs: Any) -> None:
        raise torch.AcceleratorError("CUDA error: device-side assert triggered\nand so on")

    everywhere = torch.nn.modules.module.register_module_forward_pre_hook(fail)
    try:
        yield
    finally:
        everywhere.remove()
