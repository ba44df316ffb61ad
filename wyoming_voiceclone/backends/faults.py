"""Faults that a process does not survive: after one on a GPU every further call there fails."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wyoming_voiceclone.errors import BackendError, BackendUnavailable

_LOGGER = logging.getLogger(__name__)


def end_process() -> None:
    """Ask this process, a worker, to end: whoever started it starts it anew."""
    os.kill(os.getpid(), signal.SIGTERM)


class DeviceFaults:
    """A guard for `Instances` that compute with torch: tells what went wrong on the GPU."""

    def __init__(self, engine: str, broken: Callable[[], None] = lambda: None) -> None:
        """`broken` is called when the GPU failed in a way that only a new process gets over."""
        self._engine, self._broken = engine, broken
        self._failed = False

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Raise our errors instead of the device's.

        Too little memory is BackendUnavailable: it is not for good. So is everything after a
        failure that is.
        """
        if self._failed:
            raise BackendUnavailable(f"{self._engine}: the GPU failed — it is started anew")
        try:
            yield
        except RuntimeError as error:  # that is what torch's are
            if (told := self._told(error)) is None:
                raise
            raise told from error

    def _told(self, error: RuntimeError) -> BackendError | None:
        import torch  # noqa: PLC0415 -- seconds; where it is not yet, nothing of it has failed

        if isinstance(error, torch.OutOfMemoryError):
            torch.cuda.empty_cache()
            return BackendUnavailable(
                f"{self._engine}: the GPU's memory is full — let fewer engines or listeners use it"
            )
        if not isinstance(error, torch.AcceleratorError):
            return None
        self._failed = True
        fact = str(error).partition("\n")[0]
        _LOGGER.error("%s: the GPU failed (%s), so this process ends", self._engine, fact)
        self._broken()
        return BackendError(f"{self._engine}: the GPU failed ({fact}) — it is started anew")
