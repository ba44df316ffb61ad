"""Mimi, decoded piece by piece: exactly what one decode of the whole would give.

The library's own decoder forgets, between two calls, what its convolutions have heard.
"""

from functools import reduce
from typing import Any

import torch

from wyoming_voiceclone.backends.csm.library import (
    DynamicCache,
    MimiConv1d,
    MimiConvTranspose1d,
    MimiResnetBlock,
)
from wyoming_voiceclone.errors import BackendError


class MimiStream:
    """One stream of codes to samples; `mimi` is a MimiModel and stays unchanged."""

    def __init__(self, mimi: Any) -> None:
        self._mimi, self._decoder = mimi, mimi.decoder
        self._heard = DynamicCache(config=self._decoder.config)  # its transformer's, of 10 s
        self._tails: dict[Any, torch.Tensor] = {}

    def feed(self, codes: torch.Tensor) -> torch.Tensor:
        """Samples [1920 n] of codes [n, codebooks]. Raises BackendError for ids that are none."""
        size = self._mimi.config.codebook_size
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < size:
            # on a GPU such an id would end every computation of this process
            raise BackendError(f"a frame holds {int(codes.max())}, and codes end at {size - 1}")
        device = next(self._decoder.parameters()).device
        with torch.inference_mode():
            latents = self._mimi.quantizer.decode(codes.T[None].to(device))
            return self._decoded(latents)[0, 0]

    def _decoded(self, latents: torch.Tensor) -> torch.Tensor:
        """[1, 1, 1920 n] of [1, width, n]."""
        decoder = self._decoder
        up = self._transposed(decoder.upsample, latents).transpose(1, 2)
        told = decoder.decoder_transformer(up, past_key_values=self._heard, use_cache=True)
        return self._through(decoder.decoder_seanet.layers, told.last_hidden_state.transpose(1, 2))

    def _through(self, layers: Any, signal: torch.Tensor) -> torch.Tensor:
        return reduce(lambda heard, layer: self._layer(layer, heard), layers, signal)

    def _layer(self, layer: Any, signal: torch.Tensor) -> torch.Tensor:
        if isinstance(layer, MimiConv1d):
            return self._convolved(layer, signal)
        if isinstance(layer, MimiConvTranspose1d):
            return self._transposed(layer, signal)
        if isinstance(layer, MimiResnetBlock):
            return self._layer(layer.shortcut, signal) + self._through(layer.block, signal)
        return layer(signal)

    def _convolved(self, layer: Any, signal: torch.Tensor) -> torch.Tensor:
        """The last samples that a convolution has heard stand before those that come."""
        conv = layer.conv
        size = (conv.kernel_size[0] - 1) * conv.dilation[0] + 1 - conv.stride[0]
        before = self._tails.get(layer)
        if before is None:
            # as the library pads: with zeros, or with the first sample
            edge = signal[..., :1] * (layer.pad_mode != "constant")
            before = edge.expand(-1, -1, size)
        signal = torch.cat((before, signal), -1)
        self._tails[layer] = signal[..., signal.shape[-1] - size :]
        return conv(signal)

    def _transposed(self, layer: Any, signal: torch.Tensor) -> torch.Tensor:
        """What reaches past the end waits for the next call, which adds its own share."""
        conv = layer.conv
        spread = conv(signal)
        over = conv.kernel_size[0] - conv.stride[0]
        ready = spread[..., : spread.shape[-1] - over]
        if (before := self._tails.get(layer)) is not None:
            if conv.bias is not None:
                before = before - conv.bias[:, None]  # it is in both halves
            ready[..., :over] += before
        self._tails[layer] = spread[..., spread.shape[-1] - over :]
        return ready
