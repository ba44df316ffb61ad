"""What XTTS says, how long, how soon it can be stopped, and what it refuses."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from wyoming_voiceclone.backends import Folders, SynthesisRequest  # noqa: E402
from wyoming_voiceclone.backends.weights import RECEIPT, weights_folder  # noqa: E402
from wyoming_voiceclone.backends.xtts import ENGINE, WEIGHTS, XttsSettings  # noqa: E402
from wyoming_voiceclone.backends.xtts.languages import LANGUAGES  # noqa: E402
from wyoming_voiceclone.backends.xtts.library import load_model  # noqa: E402
from wyoming_voiceclone.backends.xtts.person import studio  # noqa: E402
from wyoming_voiceclone.backends.xtts.seat import Saying, Seat  # noqa: E402
from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, BadRequest  # noqa: E402
from wyoming_voiceclone.testing.conformance import SENTENCE, speak  # noqa: E402
from wyoming_voiceclone.voices import Reference, SpeakerState  # noqa: E402

pytestmark = pytest.mark.timeout(180)

CLARIBEL = "xtts-claribel-dervla"
TOKEN_S = 1024 / 22_050
RATE = 24_000


def noise(seconds: float, rate: int = 22_050) -> Reference:
    samples = np.random.default_rng(1).normal(0, 0.1, round(seconds * rate))
    return Reference(samples.astype(np.float32), rate, language="sv")


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


async def test_an_unspoken_language_is_refused_and_the_others_are_named(make: Any) -> None:
    backend = await make()
    with pytest.raises(BackendUnavailable, match=r"xtts does not speak sv .*en, es"):
        await backend.synthesize(SynthesisRequest("Hej.", CLARIBEL, "sv"))


async def test_a_recording_in_another_language_is_spoken_as_in_the_main_one(make: Any) -> None:
    backend = await make()
    state = await backend.enroll(noise(3))
    assert state.notes == {"language": "sv"}
    plain = SynthesisRequest("Hello.", "ada", seed=1, speaker_state=state)
    english = SynthesisRequest("Hello.", "ada", "en", seed=1, speaker_state=state)
    heard = [(await speak(backend, request))[1] for request in (plain, english)]
    assert np.array_equal(heard[0], heard[1])


async def test_it_listens_to_thirty_seconds_and_no_more(make: Any) -> None:
    backend, long = await make(), noise(40)
    short = Reference(long.samples[: 30 * long.rate], long.rate)
    other = Reference(long.samples[: 25 * long.rate], long.rate)
    learnt = [(await backend.enroll(reference)).tensors for reference in (long, short, other)]
    for name in ("gpt_cond_latent", "speaker_embedding"):
        assert np.array_equal(learnt[0][name], learnt[1][name])
        assert not np.array_equal(learnt[0][name], learnt[2][name])


async def test_what_it_learns_is_what_the_library_learns(make: Any, model: Any) -> None:
    reference = noise(9)
    state = await (await make()).enroll(reference)
    sound = torch.from_numpy(reference.samples)[None]
    manner = model.get_gpt_cond_latents(sound, 22_050, 30, model.config.gpt_cond_chunk_len)
    embedding = model.get_speaker_embedding(sound, 22_050)
    assert np.allclose(state.tensors["gpt_cond_latent"], manner.numpy(), atol=1e-5)
    assert np.allclose(state.tensors["speaker_embedding"], embedding.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("reference", "fact"),
    [
        (noise(2.9), "2.9 s, need at least 3 s"),
        (Reference(np.zeros(80_000, np.float32), 16_000), "silent"),
        (Reference(np.full(80_000, np.nan, np.float32), 16_000), "damaged"),
    ],
)
async def test_a_bad_recording_is_told(make: Any, reference: Reference, fact: str) -> None:
    with pytest.raises(BadRecording, match=fact):
        await (await make()).enroll(reference)


@pytest.mark.parametrize(
    ("name", "tensor", "fact"),
    [
        ("gpt_cond_latent", np.zeros((1, 31, 128), np.float32), r"\[1, 31, 128\]"),
        ("gpt_cond_latent", np.zeros((1, 32, 128), np.float64), "float64"),
        ("speaker_embedding", np.full((1, 512, 1), np.inf, np.float32), "not finite"),
        ("more", np.zeros(1, np.float32), "more"),
    ],
)
async def test_a_strangers_state_is_refused(make: Any, name: str, tensor: Any, fact: str) -> None:
    backend = await make()
    state = await backend.enroll(noise(3))
    strange = SpeakerState(state.key, {**state.tensors, name: tensor})
    with pytest.raises(BackendUnavailable, match=fact):
        await backend.synthesize(SynthesisRequest("Hi.", "ada", speaker_state=strange))


async def test_speech_that_does_not_end_is_ended_by_the_length_of_the_text(
    make: Any, patient_folder: Path
) -> None:
    backend = await make(patient_folder)
    _, samples = await speak(backend, SynthesisRequest("Hi.", CLARIBEL, seed=1))
    assert len(samples) / RATE == pytest.approx((40 + round(2.5 * 3)) * TOKEN_S, abs=0.02)


async def test_speech_that_does_not_end_is_ended_by_the_model(make: Any) -> None:
    _, samples = await speak(await make(), SynthesisRequest(SENTENCE, CLARIBEL, seed=1))
    assert len(samples) / RATE == pytest.approx(24 * TOKEN_S, abs=0.02)


def test_speech_ends_when_the_model_says_so(folder: Path) -> None:
    model = load_model(folder, "cpu")
    with torch.no_grad():
        model.gpt.mel_head.bias[1025] = 100.0
    _, person = studio(folder / "speakers_xtts.pth")[CLARIBEL]
    drawn = {"temperature": 0.75, "top_k": 50, "top_p": 0.85, "repetition_penalty": 5.0}
    said = [*Seat(model).speak(Saying("Hello.", LANGUAGES["en"], person, 1, drawn, 8, 20))]
    assert 0 < sum(map(len, said)) / RATE < 2 * TOKEN_S


async def test_a_listener_who_leaves_frees_the_engine_at_once(
    make: Any, patient_folder: Path
) -> None:
    backend = await make(patient_folder, streams=1)
    endless = SynthesisRequest("word " * 45, CLARIBEL, seed=1)
    async with await backend.synthesize(endless) as stream:
        await anext(stream)
        began = time.perf_counter()
    assert time.perf_counter() - began < 3  # of the twenty that it would take
    await speak(backend, SynthesisRequest("Hi.", CLARIBEL, seed=1, speed=4.0))


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


async def test_a_gpu_that_is_not_there_is_told(folder: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    settings = XttsSettings(model=str(folder), device="cuda")
    backend = await made(settings, folders(folder))
    with pytest.raises(BackendUnavailable, match="torch sees no GPU"):
        await backend.warm(())
    await backend.aclose()


async def test_nothing_is_asked_of_the_network(make: Any) -> None:
    backend = await make()
    with no_network() as asked:
        state = await backend.enroll(noise(3))
        await speak(backend, SynthesisRequest("Hello.", "ada", speaker_state=state))
    assert asked == []


async def test_the_installed_weights_are_spoken_with(tmp_path: Path, folder: Path) -> None:
    where = folders(tmp_path)
    with pytest.raises(BackendUnavailable, match="wyoming-voiceclone engines install xtts"):
        await made(XttsSettings(), where)
    installed = weights_folder(WEIGHTS, where)
    await asyncio.to_thread(shutil.copytree, folder, installed, copy_function=os.link)
    receipt = json.dumps({"commit": WEIGHTS.revision, "files": {}})
    await asyncio.to_thread((installed / RECEIPT).write_text, receipt)
    backend = await made(XttsSettings(), where)
    assert WEIGHTS.revision[:12] in backend.revision
    assert CLARIBEL in [voice.name for voice in backend.capabilities().voices]
    await backend.aclose()


async def test_a_folder_without_a_file_is_told(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "config.json").write_text, "{}")
    settings = XttsSettings(model=str(tmp_path))
    with pytest.raises(BackendUnavailable, match=r"has no model\.pth"):
        await made(settings, folders(tmp_path))


async def test_states_belong_to_the_weights_that_they_were_made_with(
    tmp_path: Path, folder: Path
) -> None:
    copy = tmp_path / "mine"
    await asyncio.to_thread(shutil.copytree, folder, copy)
    backends = [await made(XttsSettings(model=str(folder)), folders(tmp_path))]
    for time_s in (None, 1):
        if time_s:
            os.utime(copy / "model.pth", (time_s, time_s))
        backends.append(await made(XttsSettings(model=str(copy)), folders(tmp_path)))
    same, moved, changed = [backend.revision for backend in backends]
    assert same == moved != changed
    for backend in backends:
        await backend.aclose()


async def made(settings: XttsSettings, where: Folders) -> Any:
    return await asyncio.to_thread(ENGINE.make, settings, where)


def folders(path: Path) -> Folders:
    return Folders(path / "voices", path / "data", path / "cache")


_asked: list[list[str]] = []


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Every connection that is tried meanwhile, and every name that is looked up."""
    if not _asked:
        _asked.append([])
        sys.addaudithook(lambda event, _: _note(event))  # there is no way to remove one
    _asked[0].clear()
    yield _asked[0]


def _note(event: str) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        _asked[0].append(event)
