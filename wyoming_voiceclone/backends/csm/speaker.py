"""What CSM keeps of a person: the recording as Mimi's codes, and what is said in it as tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.backends.csm import ENGINE, NEEDS
from wyoming_voiceclone.backends.csm.model import Csm
from wyoming_voiceclone.backends.csm.prompt import text_ids
from wyoming_voiceclone.errors import BackendUnavailable, BadRecording
from wyoming_voiceclone.voices import Reference, SpeakerState
from wyoming_voiceclone.voices.speaker_state import Tensor

_SHARE = 0.6
"""Of all positions, that a recording and its transcript may take: the rest is for speaking."""
_HOW_TO = "write what is said, word for word, into reference.txt"


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    codes: npt.NDArray[np.int16]
    """Shape [frames, codebooks]."""
    tokens: npt.NDArray[np.int32]
    """What is said, without marks; shape [tokens]."""

    @classmethod
    def of_state(cls, state: SpeakerState, csm: Csm) -> "Speaker":
        """Raises BackendUnavailable for what this model cannot have made."""
        try:
            codes, tokens = (state.tensors[name] for name in ("codes", "tokens"))
            _check("codes", codes, np.int16, (csm.config.num_codebooks,), csm.codes)
            _check("tokens", tokens, np.int32, (), csm.config.text_vocab_size)
            _check_no_marks(tokens, csm)
            _check_room(len(codes) + len(tokens), csm.positions)
        except (KeyError, ValueError) as error:
            raise BackendUnavailable(
                f"csm did not make this speaker state ({error}) — enrol the voice again"
            ) from error
        return cls(codes, tokens)

    def tensors(self) -> dict[str, Tensor]:
        return {"codes": self.codes, "tokens": self.tokens}


def heard(reference: Reference) -> Chunk:
    """The recording at CSM's rate. Raises BadRecording where nobody's voice can come of it."""
    have = f"{reference.seconds:.1f} s"
    if reference.seconds < NEEDS.least_s:
        raise BadRecording(f"{have} of speech, need at least {NEEDS.least_s:.0f} s — record again")
    if reference.seconds > NEEDS.most_s:
        raise BadRecording(
            f"{have}, csm takes in {NEEDS.most_s:.0f} s at most — "
            "cut the recording, and its transcript to the same words"
        )
    if not any(letter.isalnum() for letter in reference.transcript):
        raise BadRecording(f"csm needs the transcript of the recording — {_HOW_TO}")
    resampler = Resampler(reference.rate, ENGINE.declared.rate)
    return np.concatenate((resampler.feed(reference.samples), resampler.finish()))


def learnt(csm: Csm, samples: Chunk, transcript: str) -> Speaker:
    """Raises BadRecording when the transcript is longer than anybody speaks."""
    tokens = text_ids(csm, transcript)
    with torch.inference_mode():
        wave = torch.from_numpy(samples)[None, None].to(csm.device)
        codes = (
            csm.network.codec_model.encode(wave, num_quantizers=csm.config.num_codebooks)
            .audio_codes[0]
            .T.cpu()
        )
    try:
        _check_room(len(codes) + len(tokens), csm.positions)
    except ValueError as error:
        raise BadRecording(f"the transcript is too long: {error} — {_HOW_TO}") from error
    return Speaker(codes.numpy().astype(np.int16), np.array(tokens, np.int32))


def _check(
    name: str, tensor: Tensor, dtype: type[np.generic], width: Sequence[int], limit: int
) -> None:
    if tensor.dtype != dtype or tensor.ndim != 1 + len(width) or tensor.shape[1:] != tuple(width):
        raise ValueError(f"its {name} are {tensor.dtype} {tensor.shape}")
    if not len(tensor) or tensor.min() < 0 or tensor.max() >= limit:
        raise ValueError(f"its {name} are none, or outside 0 to {limit - 1}")


def _check_no_marks(tokens: Tensor, csm: Csm) -> None:
    """They would mean more than what is said: another speaker, or sound."""
    if set(tokens.tolist()) & set(csm.tokenizer.added_tokens_decoder):
        raise ValueError("its tokens hold marks")


def _check_room(taken: int, positions: int) -> None:
    if taken > _SHARE * positions:
        raise ValueError(f"{taken} frames and tokens, room for {_SHARE * positions:.0f}")
