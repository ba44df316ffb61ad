"""What CSM reads: who speaks and what, as its chat template writes it, embedded.

`<|begin_of_text|>[0]What is said.<|end_of_text|>` and the frames of saying it, then one of zeros.
"""

import torch

from wyoming_voiceclone.backends.csm.model import Csm

_SOMEBODY = "[0]"
"""The first speaker of a conversation; here the only one."""


def text_ids(csm: Csm, text: str) -> list[int]:
    """Without the marks around it, and without any that the text itself might hold."""
    ids: list[int] = csm.tokenizer.encode(_SOMEBODY + text, add_special_tokens=False)
    marks = csm.tokenizer.added_tokens_decoder
    return [one for one in ids if one not in marks]


def text_prompt(csm: Csm, ids: list[int]) -> torch.Tensor:
    """Embeddings [len(ids) + 2, width]."""
    tokenizer = csm.tokenizer
    marked = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    with torch.inference_mode():
        embedded: torch.Tensor = csm.network.embed_text_tokens(
            torch.tensor(marked, device=csm.device)
        )
    return embedded


def sound_prompt(csm: Csm, codes: torch.Tensor) -> torch.Tensor:
    """Embeddings [n + 1, width] of codes [n, codebooks] and the end of speech."""
    end = torch.full_like(codes[:1], csm.config.codebook_eos_token_id)
    with torch.inference_mode():
        frames = torch.cat((codes, end))[None].to(csm.device)
        embedded: torch.Tensor = csm.network.backbone_model.embed_tokens(frames)[0]
    return embedded
