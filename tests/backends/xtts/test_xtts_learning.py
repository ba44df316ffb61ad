"""Whom XTTS learns to speak as, from what, and whom not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from wyoming_voiceclone.backends import SynthesisRequest  # noqa: E402
from wyoming_voiceclone.errors import BackendUnavailable, BadRecording  # noqa: E402
from wyoming_voiceclone.testing.conformance import speak  # noqa: E402
from wyoming_voiceclone.voices import Reference, SpeakerState  # noqa: E402

pytestmark = pytest.mark.timeout(180)


def noise(seconds: float, rate: int = 22_050) -> Reference:
    samples = np.random.default_rng(1).normal(0, 0.1, round(seconds * rate))
    return Reference(samples.astype(np.float32), rate, language="sv")


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


async def test_nothing_is_asked_of_the_network(make: Any) -> None:
    backend = await make()
    with no_network() as asked:
        state = await backend.enroll(noise(3))
        await speak(backend, SynthesisRequest("Hello.", "ada", speaker_state=state))
    assert asked == []


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
