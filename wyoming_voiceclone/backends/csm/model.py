"""Loading CSM: the published layout, from a folder of this machine and nowhere else."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from wyoming_voiceclone.backends.csm import ENGINE
from wyoming_voiceclone.backends.csm.library import AutoTokenizer, CsmForConditionalGeneration
from wyoming_voiceclone.backends.csm.settings import CsmSettings
from wyoming_voiceclone.backends.devices import device_for
from wyoming_voiceclone.errors import BackendUnavailable

_LOGGER = logging.getLogger(__name__)


class _Network(CsmForConditionalGeneration):  # type: ignore[misc, unused-ignore] # not here
    # rounded to 16 bits, the codec's codebooks would be other ones
    _keep_in_fp32_modules_strict = ("codec_model",)


@dataclass(frozen=True, slots=True, eq=False)
class Csm:
    """The model. It keeps nothing between two calls, so any number of threads may use it."""

    network: Any
    """CsmForConditionalGeneration; its codec in float32 whatever the rest is in."""
    tokenizer: Any
    device: torch.device
    codes: int
    """How many ids a codebook has; the network knows some more, which mean no sound."""

    @property
    def config(self) -> Any:
        return self.network.config

    @property
    def positions(self) -> int:
        """How much it takes in at once: tokens of text, and frames of sound."""
        return int(self.config.max_position_embeddings)


def load_csm(folder: Path, settings: CsmSettings) -> Csm:
    """Read the weights; seconds. Raises BackendUnavailable."""
    device = device_for(settings.device, ENGINE.name)
    if not folder.is_dir():
        raise BackendUnavailable(f"{folder} is no folder — put [engines.csm] model right")
    network = _Network.from_pretrained(
        str(folder), local_files_only=True, use_safetensors=True, dtype=_dtype(settings, device)
    )
    network = network.eval().requires_grad_(requires_grad=False).to(device)
    tokenizer = AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    codec = network.config.codec_config
    if (rate := codec.sampling_rate) != ENGINE.declared.rate:
        raise BackendUnavailable(f"{folder}: its codec speaks {rate} samples a second, not 24000")
    _LOGGER.info("CSM is loaded on %s as %s", device, network.dtype)
    return Csm(network, tokenizer, device, min(codec.codebook_size, network.config.vocab_size))


def _dtype(settings: CsmSettings, device: torch.device) -> torch.dtype:
    if settings.dtype != "auto":
        dtype: torch.dtype = getattr(torch, settings.dtype)
        return dtype
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16
