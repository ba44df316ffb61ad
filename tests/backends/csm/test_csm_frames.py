"""Frames are the library's own, and end; no id reaches the codec that is no code."""

from typing import Any

import pytest
from backends.csm.conftest import SAID, person

torch = pytest.importorskip(
    "torch", reason="torch and transformers come with the engines: script/test --engines"
)

from wyoming_voiceclone.backends.csm.frames import Frames  # noqa: E402
from wyoming_voiceclone.backends.csm.heard_voices import HeardVoices  # noqa: E402
from wyoming_voiceclone.backends.csm.prompt import text_ids, text_prompt  # noqa: E402
from wyoming_voiceclone.backends.csm.sampling import Chance, Manner, chosen  # noqa: E402
from wyoming_voiceclone.backends.csm.speaker import heard, learnt  # noqa: E402

from transformers import CsmProcessor  # noqa: E402 # isort: skip

TEXT = "The kitchen light is on."
NO_CODES = [128, 129, 130]
GREEDY, FREE = Manner(0, 50), Manner(0.9, 50)


def ours(csm: Any, manner: Manner = GREEDY, most: int = 40, seed: int = 1) -> Any:
    """Frames [n, codebooks] of TEXT, said as somebody."""
    speaker = learnt(csm, heard(person(220)), SAID)
    cache = HeardVoices(1_000_000).of(speaker, csm)
    prompt = text_prompt(csm, text_ids(csm, TEXT))
    chance = Chance(manner, seed, csm.device)
    return [frame.tolist() for frame in Frames(csm).spoken(cache, prompt, chance, most)]


def theirs(csm: Any, weights: Any, suppressed: list[int], most: int = 40) -> Any:
    """The same with nothing but the library: its template, its encoder, its generate."""
    processor = CsmProcessor.from_pretrained(weights, local_files_only=True)
    said = {"type": "text", "text": SAID}
    sound = {"type": "audio", "path": heard(person(220))}
    talk = [
        {"role": "0", "content": [said, sound]},
        {"role": "0", "content": [{"type": "text", "text": TEXT}]},
    ]
    inputs = processor.apply_chat_template(talk, tokenize=True, return_dict=True)
    codes = csm.network.generate(
        **inputs,
        do_sample=False,
        depth_decoder_do_sample=False,
        max_new_tokens=most,
        suppress_tokens=suppressed or None,
        depth_decoder_suppress_tokens=suppressed or None,
    )
    return codes[0].tolist()


def test_greedy_frames_are_those_of_the_librarys_generate(csm: Any, weights: Any) -> None:
    expected = theirs(csm, weights, NO_CODES)
    assert len(expected) == 40
    assert len({tuple(frame) for frame in expected}) > 3, "always the same would prove little"
    assert ours(csm) == expected


def want_no_codes(csm: Any) -> None:
    """Make ids beyond the codebooks by far the likeliest."""
    csm.network.lm_head.weight[128:] *= 1e3
    csm.network.depth_decoder.codebooks_head.weight[..., 128:] *= 1e3


@pytest.mark.parametrize("manner", [GREEDY, FREE, Manner(2, 2048)])
def test_a_model_that_wants_ids_that_are_no_codes_gets_codes(
    csm: Any, weights: Any, manner: Manner
) -> None:
    want_no_codes(csm)
    library = theirs(csm, weights, [], most=5)
    assert max(map(max, library)) > 127, "the library itself would have sent them to the codec"
    frames = ours(csm, manner)
    assert len(frames) == 40
    assert min(map(min, frames)) >= 0
    assert max(map(max, frames)) < 128


def test_speech_ends_where_all_codebooks_but_the_last_are_zero(csm: Any) -> None:
    csm.network.lm_head.weight.zero_()
    csm.network.depth_decoder.codebooks_head.weight[:-1].zero_()
    assert ours(csm) == []


def test_a_frame_that_begins_with_zero_is_not_the_end(csm: Any) -> None:
    csm.network.lm_head.weight.zero_()
    frames = ours(csm, most=5)
    assert [frame[0] for frame in frames] == [0] * 5


def test_speech_without_an_end_ends_when_it_must(csm: Any, caplog: Any) -> None:
    assert len(ours(csm, FREE, most=7)) == 7
    assert "had no end" in caplog.text


def test_the_same_seed_gives_the_same_frames_and_another_does_not(csm: Any) -> None:
    torch.manual_seed(0)
    first = ours(csm, FREE, most=10)
    torch.manual_seed(1)
    torch.rand(100)
    assert ours(csm, FREE, most=10) == first
    assert ours(csm, FREE, most=10, seed=2) != first


def test_ids_are_chosen_as_often_as_they_are_likely(csm: Any) -> None:
    draws, codes, top_k = 20_000, 12, 5
    logits = torch.linspace(-2, 2, codes + 3)[None]
    chance = Chance(Manner(0.7, top_k), 3, csm.device)
    noise = chance.drawn(draws, codes)
    temperature = torch.tensor(chance.temperature)
    ids = torch.cat([chosen(logits, one, temperature, top_k) for one in noise])
    kept = torch.softmax(logits[0, codes - top_k : codes] / 0.7, 0)
    share = torch.bincount(ids, minlength=codes)[-top_k:] / draws
    assert int(ids.min()) >= codes - top_k
    assert (share - kept).abs().max() < 0.015  # 4 standard deviations


def test_whoever_spoke_before_leaves_no_trace_in_what_is_kept_of_a_voice(csm: Any) -> None:
    voices = HeardVoices(1_000_000)
    speaker = learnt(csm, heard(person(220)), SAID)
    prompt = text_prompt(csm, text_ids(csm, TEXT))

    def say() -> Any:
        chance = Chance(FREE, 1, csm.device)
        spoken = Frames(csm).spoken(voices.of(speaker, csm), prompt, chance, 10)
        return [frame.tolist() for frame in spoken]

    assert say() == say()
    assert len(voices) == 1


def test_of_many_voices_the_last_ones_are_kept(csm: Any) -> None:
    people = [learnt(csm, heard(person(hz)), SAID) for hz in (200, 250, 300)]
    voices = HeardVoices(0)
    voices.of(people[0], csm)
    one = voices.bytes
    assert one > 0
    for limit, kept in ((0, 1), (2 * one, 2), (10 * one, 3)):
        voices = HeardVoices(limit)
        for somebody in people:
            voices.of(somebody, csm)
        assert (len(voices), voices.bytes) == (kept, kept * one)
