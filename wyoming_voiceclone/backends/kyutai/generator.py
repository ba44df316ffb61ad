"""Generator: words in, frames of codes out, in the rhythm that the model finds for them."""

import queue
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from moshi.models.lm import LMGen
from moshi.models.tts import State, TTSModel, script_to_entries
from moshi.modules.transformer import StreamingMultiheadAttention

from wyoming_voiceclone.backends.kyutai.words import Heard, Words

DROPPED_FRAMES = 2
"""The first ones hold a click; moshi's simple_generate leaves them out, too."""
_PADDING_BETWEEN = 1
"""Steps between words: "articulates a bit better"; what moshi's simple_generate uses."""
_WAIT_S = 0.05
"""For a word, before somebody who wants to stop is heard."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Whom to speak as and how closely, as the model takes it in."""

    sum: torch.Tensor
    """Shape [1, 1, dim]."""
    cross: torch.Tensor
    """Shape [1, positions, dim]."""


@dataclass(frozen=True, slots=True)
class Order:
    """One utterance."""

    words: Words
    conditions: Conditions
    temperature: float
    most_steps: int
    heard: Heard


@dataclass(slots=True)
class _Utterance:
    """How far one utterance is."""

    order: Order
    state: State
    step: int = 0
    told: int = 0
    """Words that `heard` was told of."""
    begun: bool = False
    complete: bool = False
    """Whether all its words are in."""


class Generator:
    """One utterance at a time.

    moshi's streaming state lives inside the model's modules. It is kept from one utterance to the
    next, and reset: with a new one, CUDA graphs would be captured for every sentence.
    """

    def __init__(self, tts: TTSModel, first: Conditions, condition_tensors: Any) -> None:
        self._tts, self._lm, self._machine = tts, tts.lm, tts.machine
        self._lm.dep_q = tts.n_q
        self._gen = LMGen(
            self._lm,
            temp=tts.temp,
            temp_text=tts.temp,
            condition_tensors=condition_tensors,
            on_text_hook=self._on_text,
            on_audio_hook=self._on_audio,
        )
        self._gen.streaming_forever(1)
        self._crossing = [
            module
            for module in self._lm.modules()
            if isinstance(module, StreamingMultiheadAttention) and module.cross_attention
        ]
        zero = self._machine.token_ids.zero
        size = (1, self._lm.n_q - self._lm.dep_q, 1)
        self._input = torch.full(size, zero, dtype=torch.long, device=self._lm.device)
        size = (1, self._lm.dep_q, 1)
        self._no_sound = torch.full(size, zero, dtype=torch.long, device=self._lm.device)
        delays = self._lm.delays[self._lm.audio_offset :][: self._lm.dep_q]
        self._sounds_from = torch.tensor(delays, device=self._lm.device) + tts.delay_steps
        self._now = _Utterance(Order(Words.of(""), first, tts.temp, 0, _nobody), self._fresh())

    def codes(self, order: Order) -> Iterator[torch.Tensor | None]:
        """Codes [1, codebooks, 1] for each step, or None where there is no sound yet.

        Goes on as far as the words reach, and waits for more in steps of 50 ms.
        """
        self._begin(order)
        now = self._now
        while not self._over(now):
            try:
                self._listen(now)
            except queue.Empty:
                yield None
                continue
            first_sound = self._tts.delay_steps + self._gen.max_delay
            frame = self._stepped(now)
            self._tell(now)
            yield None if frame is None or now.step <= first_sound else frame[:, 1:]

    def _begin(self, order: Order) -> None:
        self._now = _Utterance(order, self._fresh())
        self._gen.reset_streaming()
        streaming = self._gen._streaming_state  # noqa: SLF001 -- as moshi's own server does it
        streaming.condition_sum = order.conditions.sum
        streaming.condition_cross = order.conditions.cross
        with torch.no_grad():
            for attention in self._crossing:
                attention.update_streaming_cross_attention_src(order.conditions.cross)
        if self._gen.temp != order.temperature:
            self._gen.temp = self._gen.temp_text = order.temperature
            streaming.graphed_depth.reset()  # a graph samples as it did when it was captured

    def _fresh(self) -> State:
        return self._machine.new_state([])

    def _stepped(self, now: _Utterance) -> torch.Tensor | None:
        silent = now.step < self._tts.delay_steps  # text runs ahead of the sound
        frame: torch.Tensor | None = self._gen.step(
            self._input, depformer_replace_tokens=self._no_sound if silent else None
        )
        now.step += 1
        return frame

    def _over(self, now: _Utterance) -> bool:
        if now.step >= now.order.most_steps or (now.complete and not now.begun):
            return True
        end = now.state.end_step
        tail = self._tts.delay_steps + self._tts.final_padding
        return end is not None and now.step >= end + tail

    def _listen(self, now: _Utterance) -> None:
        """Take words in until the next step cannot lack one."""
        while self._hungry(now):
            word = now.order.words.take(_WAIT_S)
            if word is None:
                now.complete = True
                return
            for entry in self._entries(word, first=not now.begun):
                now.begun = True
                now.state.entries.append(entry)

    def _hungry(self, now: _Utterance) -> bool:
        """Whether the next step may begin a word without those it looks ahead to."""
        state = now.state
        if now.complete or state.queued or state.forced_padding > 0:
            return False
        return bool(len(state.entries) <= self._machine.second_stream_ahead)

    def _entries(self, word: str, *, first: bool) -> list[Any]:
        entries = script_to_entries(
            self._tts.tokenizer,
            self._machine.token_ids,
            self._tts.mimi.frame_rate,
            [word],
            multi_speaker=first,  # whose turn it is, is said once
            padding_between=_PADDING_BETWEEN,
        )
        return [entry for entry in entries if entry.tokens]

    def _tell(self, now: _Utterance) -> None:
        """A word ends where the next one begins."""
        begun, end = now.state.transcript, now.state.end_step
        last = len(begun) if end is not None else len(begun) - 1
        for index in range(now.told, last):
            word, start = begun[index]
            stop = begun[index + 1][1] if index + 1 < len(begun) else end
            now.order.heard(word, self._seconds(start), self._seconds(stop or start))
        now.told = max(now.told, last)

    def _seconds(self, step: int) -> float:
        return float(max(0, step - DROPPED_FRAMES) / self._tts.mimi.frame_rate)

    def _on_text(self, tokens: torch.Tensor) -> None:
        """Between the model's choice, word or padding, and what it makes of it."""
        now = self._now
        token, _ = self._machine.process(now.step, now.state, int(tokens[0]))
        tokens.fill_(token)

    def _on_audio(self, tokens: torch.Tensor) -> None:
        """Codebooks begin one after the other; before its beginning, each is silent."""
        tokens.masked_fill_(self._sounds_from > self._now.step, self._machine.token_ids.zero)


def _nobody(_word: str, _start_s: float, _stop_s: float) -> None:
    pass
