"""Seat: one listener's way into a model; its weights are everybody's."""

import copy
import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.backend import Setting
from wyoming_voiceclone.backends.xtts.breaths import breaths, encoded
from wyoming_voiceclone.backends.xtts.languages import Language
from wyoming_voiceclone.backends.xtts.listening import REFERENCE_RATE, levelled, parts
from wyoming_voiceclone.backends.xtts.numbers import readable
from wyoming_voiceclone.backends.xtts.person import Person
from wyoming_voiceclone.backends.xtts.vocoder import SpokenSound
from wyoming_voiceclone.voices.speaker_state import Tensor

_LOGGER = logging.getLogger(__name__)
_PAUSE_TOKENS = 40
"""Before, after and inside a piece of text, however short: 1.9 s."""
_TOKEN_S = 1024 / 22_050
_WHOLE_S = 3600
"""Longer than any part: the library is not to cut it again."""
_NOTHING: Chunk = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Saying:
    """One sentence, and how it is to be said."""

    text: str
    language: Language
    person: Mapping[str, Tensor]
    speed: float
    sampling: Mapping[str, Setting]
    first_tokens: int
    chunk_tokens: int

    def chunk_sizes(self) -> Iterator[int]:
        """Tokens per chunk: growing no faster than what was given lasts, at twice real time."""
        yield self.first_tokens
        size = min(self.first_tokens, self.chunk_tokens)
        while True:
            yield size
            size = min(2 * size, self.chunk_tokens)


class Seat:
    """Speaks to one listener at a time; the model it is made from stays as it is."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.device: torch.device = model.device
        # the library keeps the sentence being spoken inside this part, and in no other
        self._gpt = copy.copy(model.gpt)
        self._gpt._modules = dict(model.gpt._modules)  # noqa: SLF001 -- where torch keeps them
        self._gpt.init_gpt_for_inference(kv_cache=True)
        self._gpt.eval()

    def speak(self, saying: Saying) -> Iterator[Chunk]:
        """One item per token, so that somebody who leaves waits for one; most are empty.

        Raises BackendUnavailable when it cannot speak as that person.
        """
        args = self._model.args
        person = Person.of(saying.person, args.gpt_n_model_channels, args.d_vector_dim)
        person = person.on(self.device)
        most = args.gpt_max_text_tokens - 1
        text = readable(saying.text, saying.language)
        for breath in breaths(text, saying.language.most_chars):
            for piece, tokens in encoded(breath, self._encoder(saying.language), most):
                longest = self._longest(piece, saying.language)
                with closing(self._latents(list(tokens), person, saying.sampling)) as latents:
                    sound = SpokenSound(self._model.hifigan_decoder, person.sound, saying.speed)
                    yield from _chunks(sound, _at_most(longest, latents), saying.chunk_sizes())

    def parts(self, samples: Chunk) -> tuple[list[Chunk], Chunk]:
        """What `manner` hears, one after the other, and what `sound` hears."""
        config = self._model.config
        level = levelled(samples, config)
        return parts(level, config), level[: round(config.max_ref_len * REFERENCE_RATE)]

    def manner(self, part: Chunk) -> torch.Tensor:
        """How somebody speaks: [1, latents, width]."""
        style: torch.Tensor = self._model.get_gpt_cond_latents(
            torch.from_numpy(part)[None], REFERENCE_RATE, length=-1, chunk_length=_WHOLE_S
        )
        return style

    def sound(self, samples: Chunk) -> torch.Tensor:
        """How somebody sounds: [1, size, 1]."""
        embedding: torch.Tensor = self._model.get_speaker_embedding(
            torch.from_numpy(samples)[None], REFERENCE_RATE
        )
        return embedding

    def _latents(
        self, tokens: list[int], person: Person, sampling: Mapping[str, Setting]
    ) -> Generator[torch.Tensor, None, None]:
        """The language model's steps, [1, width] each, until it ends by itself."""
        with torch.inference_mode():
            text = torch.tensor([tokens], dtype=torch.int, device=self.device)
            prompt = self._gpt.compute_embeddings(person.manner, text)
        steps = self._gpt.get_generator(
            fake_inputs=prompt,
            do_sample=True,
            num_beams=1,
            num_return_sequences=1,
            output_hidden_states=True,
            return_dict_in_generate=True,
            **sampling,
        )
        for _, latent in steps:
            yield latent

    def _encoder(self, language: Language) -> Callable[[str], list[int]]:
        tokenizer = self._model.tokenizer
        return lambda text: list(tokenizer.encode(text, lang=language.code))

    def _longest(self, piece: str, language: Language) -> int:
        """Tokens, after which it has lost its way: it does not always end by itself."""
        tokenizer, primary = self._model.tokenizer, language.code.partition("-")[0]
        read = len(tokenizer.preprocess_text(piece, primary))  # numbers as words
        most: int = self._gpt.max_gen_mel_tokens
        return min(most, _PAUSE_TOKENS + round(language.tokens_per_char * read))


def _at_most(count: int, latents: Iterator[torch.Tensor]) -> Iterator[torch.Tensor]:
    for number, latent in enumerate(latents, start=1):
        yield latent
        if number == count:
            _LOGGER.warning("xtts did not end by itself: stopped after %.1f s", count * _TOKEN_S)
            return


def _chunks(
    sound: SpokenSound, latents: Iterator[torch.Tensor], sizes: Iterator[int]
) -> Iterator[Chunk]:
    waiting = next(sizes)
    for latent in latents:
        sound.add(latent)
        waiting -= 1
        if waiting:
            yield _NOTHING
        else:
            waiting = next(sizes)
            yield sound.ready()
    yield sound.finish()
