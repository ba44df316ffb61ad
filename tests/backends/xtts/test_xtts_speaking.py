"""What XTTS says, how long, how soon it can be stopped, and what it refuses."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backends.failing_gpu import failing_gpu

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from wyoming_voiceclone.audio.chunk import Chunk  # noqa: E402
from wyoming_voiceclone.backends import SynthesisRequest  # noqa: E402
from wyoming_voiceclone.backends.sampling import seeded  # noqa: E402
from wyoming_voiceclone.backends.weights import FetchedWeights  # noqa: E402
from wyoming_voiceclone.backends.xtts.backend import XttsBackend  # noqa: E402
from wyoming_voiceclone.backends.xtts.languages import LANGUAGES  # noqa: E402
from wyoming_voiceclone.backends.xtts.library import load_model  # noqa: E402
from wyoming_voiceclone.backends.xtts.numbers import readable  # noqa: E402
from wyoming_voiceclone.backends.xtts.person import studio  # noqa: E402
from wyoming_voiceclone.backends.xtts.seat import Saying, Seat  # noqa: E402
from wyoming_voiceclone.backends.xtts.settings import XttsSettings, sampling  # noqa: E402
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest  # noqa: E402
from wyoming_voiceclone.testing.conformance import SENTENCE, speak  # noqa: E402
from wyoming_voiceclone.voices import Reference  # noqa: E402

pytestmark = pytest.mark.timeout(180)

CLARIBEL = "xtts-claribel-dervla"
TOKEN_S = 1024 / 22_050
RATE = 24_000
DRAWN = sampling(XttsSettings(), SynthesisRequest("", ""))


async def test_the_models_own_voices_speak_every_language(make: Any) -> None:
    backend = await make()
    voices = {voice.name: voice for voice in backend.capabilities().voices}
    assert list(voices) == [CLARIBEL, "xtts-alma-maria"]
    assert voices["xtts-alma-maria"].description == "Alma María (XTTS v2)"
    assert voices[CLARIBEL].languages == tuple(LANGUAGES)
    said = [
        (await speak(backend, SynthesisRequest("Hola.", name, "es", seed=1)))[1] for name in voices
    ]
    assert not np.array_equal(said[0], said[1])


async def test_a_language_changes_what_is_said(make: Any) -> None:
    backend = await make()
    english, polish = [
        (await speak(backend, SynthesisRequest("To to.", CLARIBEL, tag, seed=1)))[1]
        for tag in ("en-GB", "pl")
    ]
    assert not np.array_equal(english, polish)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_is_read_with_its_numbers(model: Any, tag: str) -> None:
    for library in {"zh": ["pypinyin"], "ja": ["cutlet"]}.get(tag, []):
        pytest.importorskip(library, reason=f"{library} comes with the engine's environment")
    tokenizer, language = model.tokenizer, LANGUAGES[tag]
    assert tokenizer.char_limits[tag] == language.most_chars
    for number in ("12", "5.", "1. 2", "2.5", "12,5", "100.000,5", "1" * 70, "20 €", "7th", "3°"):
        assert tokenizer.encode(readable(f"a {number}", language), lang=language.code)


async def test_an_unspoken_language_is_refused_and_the_others_are_named(make: Any) -> None:
    backend = await make()
    with pytest.raises(BackendUnavailable, match=r"xtts does not speak sv .*en, es"):
        await backend.synthesize(SynthesisRequest("Hej.", CLARIBEL, "sv"))


async def test_speech_that_does_not_end_is_ended_by_the_length_of_the_text(
    make: Any, patient_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backend = await make(patient_folder)
    _, samples = await speak(backend, SynthesisRequest("Hi.", CLARIBEL, seed=1))
    assert "xtts did not end by itself: stopped after 2.2 s" in caplog.text
    assert len(samples) / RATE == pytest.approx((40 + round(2.5 * 3)) * TOKEN_S, abs=0.02)


async def test_speech_that_does_not_end_is_ended_by_the_model(make: Any) -> None:
    _, samples = await speak(await make(), SynthesisRequest(SENTENCE, CLARIBEL, seed=1))
    assert len(samples) / RATE == pytest.approx(16 * TOKEN_S, abs=0.02)


def test_speech_ends_when_the_model_says_so(folder: Path) -> None:
    model = load_model(folder, "cpu")
    with torch.no_grad():
        model.gpt.mel_head.bias[1025] = 100.0
    _, person = studio(folder / "speakers_xtts.pth")[CLARIBEL]
    said = [*Seat(model).speak(Saying("Hello.", LANGUAGES["en"], person, 1, DRAWN, 8, 20))]
    assert 0 < sum(map(len, said)) / RATE < 2 * TOKEN_S


async def test_a_listener_who_leaves_frees_the_engine_at_once(
    make: Any, patient_folder: Path
) -> None:
    backend = await make(patient_folder, listeners=1)
    endless = SynthesisRequest("word " * 45, CLARIBEL, seed=1)
    async with await backend.synthesize(endless) as stream:
        await anext(stream)
        began = time.perf_counter()
    assert time.perf_counter() - began < 3  # of the twenty that it would take
    await speak(backend, SynthesisRequest("Hi.", CLARIBEL, seed=1, speed=4.0))


async def test_a_voice_is_learnt_while_all_listeners_are_taken(
    make: Any, patient_folder: Path
) -> None:
    backend = await make(patient_folder, listeners=1, patience_s=0.1)
    endless = SynthesisRequest("word " * 45, CLARIBEL, seed=1)
    async with await backend.synthesize(endless):
        with pytest.raises(BackendUnavailable, match="xtts is busy"):
            await backend.synthesize(endless)
        noise = np.random.default_rng(1).normal(size=3 * 16_000).astype(np.float32)
        assert (await backend.enroll(Reference(0.1 * noise, 16_000))).tensors


async def test_the_first_chunk_is_small_and_later_ones_grow(
    make: Any, patient_folder: Path
) -> None:
    backend = await make(patient_folder)
    async with await backend.synthesize(SynthesisRequest("Hi.", CLARIBEL, seed=1)) as stream:
        tokens = [len(chunk) / RATE / TOKEN_S async for chunk in stream]
    assert tokens[0] < 5
    assert np.round(tokens[1:4]).tolist() == [8, 16, 20]


@pytest.mark.parametrize("speed", [0.0, 9.0, float("nan")])
async def test_an_impossible_speed_is_refused(make: Any, speed: float) -> None:
    backend = await make()
    with pytest.raises(BadRequest, match="speed"):
        await backend.synthesize(SynthesisRequest("Hi.", CLARIBEL, speed=speed))


async def test_a_marked_pronunciation_is_read_as_it_is_spelled(make: Any) -> None:
    backend = await make()
    marked, plain = [
        (await speak(backend, SynthesisRequest(text, CLARIBEL, seed=1)))[1]
        for text in ("[[həˈloʊ|Hello]] you.", "Hello you.")
    ]
    assert np.array_equal(marked, plain)


def test_two_listeners_in_turn_hear_what_each_hears_alone(model: Any, folder: Path) -> None:
    people = [person for _, person in studio(folder / "speakers_xtts.pth").values()]

    def said(number: int) -> Iterator[Chunk]:
        text = ("The door is open.", "It will rain tomorrow.")[number]
        saying = Saying(text, LANGUAGES["en"], people[number], 1, DRAWN, 8, 20)
        return seeded(Seat(model).speak(saying), number)

    alone = [np.concatenate([*said(number)]) for number in (0, 1)]
    turns = list(zip(said(0), said(1), strict=True))
    for expected, heard in zip(alone, zip(*turns, strict=True), strict=True):
        assert np.array_equal(expected, np.concatenate(heard))


async def test_a_gpu_that_fails_ends_the_process_and_is_not_touched_again(folder: Path) -> None:
    ended: list[bool] = []
    settings, weights = XttsSettings(device="cpu"), FetchedWeights(folder, "c0ffee")
    backend = await asyncio.to_thread(XttsBackend, settings, weights, lambda: ended.append(True))
    try:
        await backend.warm(())
        with failing_gpu(), pytest.raises(BackendError, match="xtts: the GPU failed"):
            await speak(backend, SynthesisRequest("Hi.", CLARIBEL))
        assert ended == [True]
        with pytest.raises(BackendUnavailable, match="it is started anew"):
            await backend.synthesize(SynthesisRequest("Hi.", CLARIBEL))
    finally:
        await backend.aclose()
