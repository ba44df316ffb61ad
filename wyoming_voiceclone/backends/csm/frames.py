"""One frame of sound after another: what the backbone thinks next, and 31 steps into its depth."""

import logging
from collections.abc import Generator
from typing import Any

import torch

from wyoming_voiceclone.backends.csm.graph import GraphedFrame
from wyoming_voiceclone.backends.csm.library import DynamicCache
from wyoming_voiceclone.backends.csm.model import Csm
from wyoming_voiceclone.backends.csm.sampling import Chance, Manner, chosen

_LOGGER = logging.getLogger(__name__)

FRAMES_PER_S = 12.5


def frame_of(
    network: Any, thought: torch.Tensor, noise: torch.Tensor, temperature: torch.Tensor, top_k: int
) -> torch.Tensor:
    """Codes [1, codebooks] of the backbone's last state [1, width]; the first is its own."""
    decoder = network.depth_decoder
    embed, heads = decoder.model.embed_tokens, decoder.codebooks_head.weight
    codes = [chosen(network.lm_head(thought), noise[0], temperature, top_k)]
    seen = DynamicCache(config=decoder.config)
    step = torch.stack((thought, embed(codes[0])), 1)
    for book in range(1, len(noise)):
        logits = _deeper(decoder.model, step, seen) @ heads[book - 1]
        codes.append(chosen(logits, noise[book], temperature, top_k))
        step = embed(codes[-1] + book * decoder.config.vocab_size)[:, None]
    return torch.stack(codes, -1)


def _deeper(model: Any, step: torch.Tensor, seen: Any) -> torch.Tensor:
    """The depth decoder's last state [1, width] of a step [1, n, backbone's width].

    The library's own call thinks anew 31 times a frame which positions are masked: none is.
    """
    before = seen.get_seq_length()
    places = torch.arange(before, before + step.shape[1], device=step.device)[None]
    state = model.inputs_embeds_projector(step)
    turns = model.rotary_emb(state, position_ids=places)
    for layer in model.layers:
        state = layer(state, position_embeddings=turns, past_key_values=seen, use_cache=True)
    last: torch.Tensor = model.norm(state)[:, -1]
    return last


class Frames:
    """Makes frames for one listener at a time; several may share a model."""

    def __init__(self, csm: Csm, *, graphed: bool = False) -> None:
        self._csm = csm
        self._frame = GraphedFrame(frame_of, csm) if graphed else None

    def spoken(
        self, heard: Any, prompt: torch.Tensor, chance: Chance, most: int
    ) -> Generator[torch.Tensor, None, None]:
        """Frames [codebooks] on the CPU until the end of speech, `most` at the utmost.

        `heard` is a cache of what comes before the embedded `prompt` [n, width]; it grows.
        """
        backbone = self._csm.network.backbone_model
        step = prompt[None]
        for _ in range(most):
            with torch.inference_mode():  # never while suspended: the thread may do something else
                told = backbone(inputs_embeds=step, past_key_values=heard, use_cache=True)
                codes = self.frame(told.last_hidden_state[:, -1], chance)
                step = backbone.embed_tokens(codes[:, None])
                frame = codes[0].cpu()
            # as the library ends: whatever the last codebook says
            if not frame[:-1].any():
                return
            yield frame
        _LOGGER.warning(
            "csm: a sentence had no end after %.0f s, and was ended", most / FRAMES_PER_S
        )

    def warm(self, manner: Manner) -> None:
        """Do once what takes long when it is done first."""
        weights = self._csm.network.lm_head.weight
        with torch.inference_mode():
            self.frame(weights.new_zeros(1, weights.shape[1]), Chance(manner, 0, weights.device))

    def frame(self, thought: torch.Tensor, chance: Chance) -> torch.Tensor:
        """Codes [1, codebooks]."""
        noise = chance.drawn(self._csm.config.num_codebooks, self._csm.codes)
        temperature = torch.tensor(chance.temperature, device=thought.device)
        make = self._frame or frame_of
        return make(self._csm.network, thought, noise, temperature, chance.manner.top_k)
