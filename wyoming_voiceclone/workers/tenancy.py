"""Tenancy: what a worker asks of whoever shares out what the machine has little of."""

from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from typing import Protocol


class Tenancy(Protocol):
    def loading(self) -> AbstractAsyncContextManager[None]:
        """Room for a model, for as long as it loads. Raises BackendUnavailable: there is none."""
        ...

    def speaking(self) -> AbstractContextManager[None]:
        """Somebody listens."""
        ...


class Alone:
    """There is nobody to share with."""

    def loading(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def speaking(self) -> AbstractContextManager[None]:
        return nullcontext()
