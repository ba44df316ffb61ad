"""Devices: where an engine with torch computes."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from wyoming_voiceclone.errors import BackendUnavailable

if TYPE_CHECKING:
    import torch

DeviceName = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,2})?)$")]
"""In settings: auto (a GPU if there is one), cpu, cuda, or one of several: cuda:1."""


def device_for(wanted: str, engine: str) -> "torch.device":
    """Of a `DeviceName`. Blocks. Raises BackendUnavailable when torch can use no such GPU."""
    import torch  # noqa: PLC0415 -- settings are read where there is none

    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BackendUnavailable(
            f"{engine}: torch {torch.__version__} sees no GPU {wanted} — "
            f'see `nvidia-smi`, or set [engines.{engine}] device = "auto"'
        )
    return device
