"""One model of pocket-tts: shared by all who speak with it, for it keeps nothing of them.

pocket-tts itself speaks in two threads, too, but its random draws cannot be repeated while others
speak, its decoder is given frames in groups that depend on the moment, and it goes on when it is
closed. So the loop is ours (docs/engines/pocket.md).
"""

import json
import logging
import math
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from pocket_tts import TTSModel
from pocket_tts.default_parameters import MAX_TOKEN_PER_CHUNK
from pocket_tts.models.text_chunking import prepare_text_prompt, split_into_best_sentences
from pocket_tts.modules.stateful_module import ModelState, increment_steps, init_states
from pocket_tts.utils.config import CONFIGS_DIR, load_config

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.pocket.ahead import ahead
from wyoming_voiceclone.backends.pocket.files import ModelFiles
from wyoming_voiceclone.backends.pocket.state import Prompt
from wyoming_voiceclone.backends.sampling import seeded

_LEAST_FRAMES = 6
"""Before them its end of speech is not believed (`_MIN_FRAMES_BEFORE_EOS` in pocket-tts)."""
_TOKENS_PER_S, _EXTRA_S = 3.0, 2.0
"""The slowest speech there is, and a pause (`_estimate_max_gen_len` in pocket-tts)."""
_LONGEST_S = 30.0
"""Of one part, whatever its text: words as long as a page."""
_AHEAD = 4
"""Frames computed while others are decoded: as many as are decoded at once."""
_MOST_TOKENS = 200
"""Of one part: more than anybody says in that time."""
_MOST_PARTS = 8
"""Of one sentence."""
_FADE_IN_S = 0.005
"""The decoder begins with a small step, a click without it (`_decode_audio_worker`)."""
_NOTHING: Chunk = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class _Part:
    """Up to 50 tokens: what it says well at once."""

    tokens: torch.Tensor
    """Shape [1, tokens]."""
    most_frames: int
    after_end: int
    """Frames that are still to be heard after the one it ends with."""


class PocketModel:
    def __init__(self, files: ModelFiles) -> None:
        """Load it. Blocks for a second. Raises whatever pocket-tts does."""
        # it tells at INFO how it is getting on, and what it says where that is too long
        logging.getLogger("pocket_tts").setLevel(logging.ERROR)
        self._tts = load_library(files)
        self._flow, self._mimi = self._tts.flow_lm, self._tts.mimi
        self.rate = int(self._tts.sample_rate)
        self._frame_rate = float(self._mimi.frame_rate)
        empty = init_states(self._flow, 1, 1)
        self._layers = [name for name, state in empty.items() if "cache" in state]
        heads, size = empty[self._layers[0]]["cache"].shape[3:]
        self.like = (len(self._layers), int(heads), int(size))
        """Layers, heads, and dimensions of a head of its voices' prompts."""

    def listen(self, samples: Chunk) -> Prompt:
        """Learn a voice; seconds."""
        with torch.inference_mode():
            state = self._tts.get_state_for_audio_prompt(torch.from_numpy(samples.copy())[None])
        return np.stack([state[name]["cache"][:, 0].numpy() for name in self._layers])

    def speak(
        self, prompt: Prompt, text: str, temperature: float | None = None, seed: int | None = None
    ) -> Iterator[Chunk]:
        """Chunks, some of them empty: it may be closed after every frame of 80 ms."""
        for part in self._parts(text):
            latents = self._latents(part, prompt, temperature)
            with closing(ahead(seeded(latents, seed), _AHEAD)) as coming:
                yield from self._decoded(coming, part.most_frames)
            seed = None if seed is None else (seed + 1) % 2**63

    def _parts(self, text: str) -> Iterator[_Part]:
        """The text in parts; none when there is nothing to be said."""
        tts = self._tts
        manner = {
            "pad_with_spaces_for_short_inputs": tts.pad_with_spaces_for_short_inputs,
            "remove_semicolons": tts.remove_semicolons,
            "append_terminal_punctuation": tts.append_terminal_punctuation,
            "capitalize_first_letter": tts.capitalize_first_letter,
            "replace_characters": tts.replace_characters,
        }
        if not any(character.isalnum() for character in text):
            return
        tokenizer = self._flow.conditioner.tokenizer
        chunks = split_into_best_sentences(tokenizer, text, MAX_TOKEN_PER_CHUNK, **manner)
        for chunk in islice((chunk for chunk in chunks if chunk.strip()), _MOST_PARTS):
            prepared, after_end = prepare_text_prompt(chunk, **manner)
            if tts.model_recommended_frames_after_eos is not None:
                after_end = tts.model_recommended_frames_after_eos - 2
            yield self._part(prepared, after_end + 2)

    def _part(self, text: str, after_end: int) -> _Part:
        tokens = self._flow.conditioner.prepare(text)[:, :_MOST_TOKENS]
        longest_s = min(_LONGEST_S, tokens.shape[1] / _TOKENS_PER_S + _EXTRA_S)
        return _Part(tokens, math.ceil(longest_s * self._frame_rate), after_end)

    def _latents(
        self, part: _Part, prompt: Prompt, temperature: float | None
    ) -> Generator[torch.Tensor, None, None]:
        """What is to be decoded, frame by frame; the first pass takes the text along."""
        tts, ended_at = self._tts, math.inf
        with torch.inference_mode():
            text = self._flow.conditioner(part.tokens)
            room = text.shape[1] + part.most_frames
            state = self._spoken_as(prompt, room)
            latent = torch.full((1, 1, self._flow.ldim), math.nan)  # stands for the beginning
        for frame in range(part.most_frames):
            with torch.inference_mode():
                latent, is_end = self._flow(
                    latent,
                    text,
                    model_state=state,
                    sampler_decode_steps=tts.sampler_decode_steps,
                    temp=tts.temp if temperature is None else temperature,
                    noise_clamp=tts.noise_clamp,
                    eos_threshold=tts.eos_threshold,
                )
                increment_steps(self._flow, state, text.shape[1] + 1)
                latent, text = latent[:, None], text[:, :0]
                if frame >= _LEAST_FRAMES and bool(is_end):
                    ended_at = min(ended_at, frame)
            if frame >= ended_at + part.after_end:
                return
            yield latent

    def _spoken_as(self, prompt: Prompt, room: int) -> ModelState:
        """The state of a stream of its own, with room for so many positions."""
        _, _, filled, heads, size = prompt.shape
        state: ModelState = init_states(self._flow, 1, 0)
        for name, layer in zip(self._layers, prompt, strict=True):
            # never read beyond what is filled, so nothing needs to be written there
            cache = torch.empty(2, 1, filled + room, heads, size)
            cache.numpy()[:, 0, :filled] = layer
            state[name]["cache"] = cache
            state[name]["offset"] += filled
        return state

    def _decoded(
        self, latents: Generator[torch.Tensor, None, None], most_frames: int
    ) -> Iterator[Chunk]:
        """A chunk after each latent, empty while more are waited for to be decoded with it."""
        decoder = _Decoder(self._tts, most_frames)
        waiting: list[torch.Tensor] = []
        for latent in latents:
            waiting.append(latent)
            if len(waiting) < _at_once(decoder.frames):
                yield _NOTHING
            else:
                yield decoder.decode(waiting)
                waiting = []
        if waiting:
            yield decoder.decode(waiting)


class _Decoder:
    """The sound of one part, from its beginning."""

    def __init__(self, tts: TTSModel, most_frames: int) -> None:
        self._mimi, self._flow = tts.mimi, tts.flow_lm
        self._steps = round(self._mimi.encoder_frame_rate / self._mimi.frame_rate)
        self._fade_in = np.linspace(0, 1, round(_FADE_IN_S * tts.sample_rate), dtype=np.float32)
        with torch.inference_mode():
            self._state = init_states(self._mimi, 1, most_frames * self._steps)
        self.frames = 0
        """Decoded until now."""

    def decode(self, latents: list[torch.Tensor]) -> Chunk:
        """The next frames."""
        with torch.inference_mode():
            scaled = torch.cat(latents, 1) * self._flow.emb_std + self._flow.emb_mean
            chunk: Chunk = self._mimi.decode_from_latent(scaled, self._state)[0, 0].numpy()
            increment_steps(self._mimi, self._state, self._steps * len(latents))
        if not self.frames:
            chunk[: len(self._fade_in)] *= self._fade_in
        self.frames += len(latents)
        return chunk


def _at_once(spoken: int) -> int:
    """How many frames are decoded together after so many: four take little longer than two.

    It has to be waited for them, so a listener must have enough to hear by then, even where 0.9 s
    are computed for 1 s. By the count and not the clock: rounding depends on it.
    """
    return 1 if spoken < 8 else 2 if spoken < 20 else 4


def load_library(files: ModelFiles) -> TTSModel:
    """As its published description says, but with the files that are here."""
    about = load_config(CONFIGS_DIR / f"{files.name}.yaml").model_dump(mode="json")
    about["weights_path"] = str(files.weights)
    about["weights_path_without_voice_cloning"] = None
    about["flow_lm"]["lookup_table"]["tokenizer_path"] = str(files.tokenizer)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{files.name}.yaml"
        path.write_text(json.dumps(about), "utf-8")  # JSON is YAML, too
        return TTSModel.load_model(config=path)
