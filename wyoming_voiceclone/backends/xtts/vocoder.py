"""The vocoder, piece by piece: the same sound as of one whole sentence, up to rounding.

coqui-tts decodes everything again for each chunk and cross-fades the joins. Here each sample is
computed once, as soon as all that it depends on is there: nothing to cross-fade, and the cost is
linear in the length of the sentence.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from wyoming_voiceclone.audio.chunk import Chunk

CONTEXT = 14
"""Frames of 256 samples, to either side, that a frame's sound depends on.

HiFi-GAN as in coqui-tts: 3 of the first convolution, 1.4 + .2 + .02 + .01 of the transposed ones,
60 samples (kernel 11, dilations 1, 3, 5 and three times 1) at 8, 64, 128 and 256 per frame = 7.5 +
.9 + .5 + .2, and 3 samples of the last.
"""
_ROUNDING = 1e-3


class SpokenSound:
    """One piece of text being decoded; `speed` stretches it in front of the vocoder."""

    def __init__(self, decoder: Any, sound: torch.Tensor, speed: float) -> None:
        """`decoder` is the library's HifiDecoder; `sound` the person's [1, size, 1]."""
        self._decoder, self._sound = decoder, sound
        self._scales = [
            *([] if speed == 1.0 else [1.0 / speed]),
            decoder.ar_mel_length_compression / decoder.output_hop_length,
            decoder.output_sample_rate / decoder.input_sample_rate,
        ]
        self._latents: list[torch.Tensor] = []
        self._done = 0  # frames

    def add(self, latent: torch.Tensor) -> None:
        """The language model's next step, [1, width]."""
        self._latents.append(latent)

    def ready(self) -> Chunk:
        """What is certain by now and was not given before."""
        return self._until(_certain(len(self._latents), self._scales) - CONTEXT, last=False)

    def finish(self) -> Chunk:
        """The rest."""
        return self._until(0, last=True)

    def _until(self, end: int, *, last: bool) -> Chunk:
        if not last and end <= self._done:
            return np.zeros(0, np.float32)
        with torch.inference_mode():
            frames = self._frames()
            end = frames.shape[-1] if last else end
            begin = max(0, self._done - CONTEXT)
            window = frames[..., begin : min(end + CONTEXT, frames.shape[-1])]
            decoded = self._decoder.waveform_decoder(window, g=self._sound)[0, 0]
            hop = self._decoder.output_hop_length
            chunk: Chunk = (
                decoded[(self._done - begin) * hop : (end - begin) * hop].float().cpu().numpy()
            )
        self._done = end
        return chunk

    def _frames(self) -> torch.Tensor:
        """[1, width, frames]: all of them again, which costs a hundredth of decoding them."""
        frames = torch.cat(self._latents)[None].transpose(1, 2)
        for scale in self._scales:
            frames = interpolate(frames, scale_factor=scale, mode="linear")
        return frames


def without_weight_norm(decoder: Any) -> None:
    """Compute the weights once and not for every chunk."""
    for module in decoder.waveform_decoder.modules():
        if is_parametrized(module, "weight"):
            remove_parametrizations(module, "weight")


def _certain(count: int, scales: Sequence[float]) -> int:
    """How many frames do not depend on what comes after `count` latents.

    Frame k lies at (k + .5) / scale - .5 of what it is interpolated from.
    """
    for scale in scales:
        count = max(0, math.floor((count - 0.5) * scale + 0.5 - _ROUNDING))
    return count
