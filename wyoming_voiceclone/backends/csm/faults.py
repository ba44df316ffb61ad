"""Faults that a process does not survive: after one on a GPU every further call there fails."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from wyoming_voiceclone.errors import BackendError

_LOGGER = logging.getLogger(__name__)


def end_process() -> None:
    """Ask this process, a worker, to end: whoever started it starts it anew."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def device_faults(broken: Callable[[], None]) -> Iterator[None]:
    """Raise BackendError instead of the device's errors; call `broken` when it failed for good.

    Too little memory is not for good.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise BackendError(
            "csm: the GPU's memory is full — let fewer engines or listeners use it"
        ) from error
    except torch.AcceleratorError as error:
        fact = str(error).partition("\n")[0]
        _LOGGER.error("csm: the GPU failed (%s), so this process ends", fact)  # noqa: TRY400
        broken()
        raise BackendError(f"csm: the GPU failed ({fact}) — it is started anew") from error
