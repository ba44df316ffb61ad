"""What we use of transformers, imported even where it would stumble over its neighbours."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType


@contextmanager
def _no_torchaudio_that_is_broken() -> Iterator[None]:
    """One built for CUDA cannot be loaded without it, but transformers imports what it sees."""
    try:
        import torchaudio  # noqa: F401, PLC0415
    except ImportError:
        yield
    except OSError:
        stand_in = ModuleType("torchaudio")
        stand_in.__spec__ = ModuleSpec("torchaudio", None)
        sys.modules["torchaudio"] = stand_in
        try:
            yield
        finally:
            del sys.modules["torchaudio"]
    else:
        yield


with _no_torchaudio_that_is_broken():
    from transformers import AutoTokenizer, CsmForConditionalGeneration, DynamicCache
    from transformers.models.mimi.modeling_mimi import (
        MimiConv1d,
        MimiConvTranspose1d,
        MimiResnetBlock,
    )

__all__ = [
    "AutoTokenizer",
    "CsmForConditionalGeneration",
    "DynamicCache",
    "MimiConv1d",
    "MimiConvTranspose1d",
    "MimiResnetBlock",
]
