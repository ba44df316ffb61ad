"""Pocket-TTS, the real library with random weights, behind the contract of all engines."""

import asyncio
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pocket_tts", reason="comes with the engine: script/test --engines")

from backends.pocket.conftest import TINY, Make, murmur

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.pocket import PocketSettings
from wyoming_voiceclone.backends.pocket.backend import RATE, PocketBackend
from wyoming_voiceclone.backends.pocket.state import write_exported
from wyoming_voiceclone.errors import (
    BackendError,
    BackendUnavailable,
    BadRecording,
    BadRequest,
    CannotClone,
)
from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.testing.conformance import OTHER, SENTENCE, check_backend, speak
from wyoming_voiceclone.voices import Reference, SpeakerState

FRAME = 1920


def said(state: SpeakerState | None, text: str = SENTENCE, **more: Any) -> SynthesisRequest:
    return SynthesisRequest(text, "grandma", **{"speaker_state": state, "seed": 1} | more)


async def heard(backend: PocketBackend, request: SynthesisRequest) -> Chunk:
    rate, samples = await speak(backend, request)
    assert rate == RATE
    return samples


@pytest.fixture
async def exported(make: Make, ada: Reference, tmp_path: Path) -> Path:
    """A folder with somebody's voice, as pocket-tts exports it."""
    state = await (await make()).enroll(ada)
    folder = tmp_path / "exported"
    (folder / TINY).mkdir(parents=True)
    path = folder / TINY / "alba.safetensors"
    await asyncio.to_thread(write_exported, path, state.tensors[TINY])
    return folder


@pytest.mark.timeout(300)
async def test_it_keeps_the_contract_of_every_engine_that_clones(make: Make) -> None:
    await check_cloning(make)


@pytest.mark.timeout(300)
async def test_it_keeps_the_contract_of_every_backend(make: Make, exported: Path) -> None:
    async def own() -> PocketBackend:
        return await make(voices=str(exported))

    await check_backend(own)


async def test_an_exported_voice_speaks_as_the_state_it_came_from(
    make: Make, ada: Reference, exported: Path
) -> None:
    backend = await make(voices=str(exported))
    (voice,) = backend.capabilities().voices
    assert (voice.name, voice.languages) == ("pocket-alba", ("en",))
    own = await heard(backend, SynthesisRequest(SENTENCE, "pocket-alba", seed=1))
    assert np.array_equal(own, await heard(backend, said(await backend.enroll(ada))))


async def test_a_file_that_holds_no_voice_is_named(
    make: Make, exported: Path, weights: Path
) -> None:
    (exported / TINY / "broken.safetensors").write_bytes(b"no voice at all")
    strange = (weights / f"languages/{TINY}/model.safetensors").read_bytes()
    (exported / TINY / "model.safetensors").write_bytes(strange)
    backend = await make(voices=str(exported))
    for name in ("broken", "model"):
        with pytest.raises(BackendUnavailable, match=f"{name}.safetensors"):
            await heard(backend, SynthesisRequest(SENTENCE, f"pocket-{name}"))


async def test_each_of_the_first_frames_is_a_chunk_and_later_ones_come_together(
    make: Make, endless: Path, ada: Reference
) -> None:
    backend = await make(model=str(endless))
    async with await backend.synthesize(said(await backend.enroll(ada))) as stream:
        frames = [len(chunk) / FRAME async for chunk in stream]
    assert frames[:8] == [1] * 8
    assert frames[8:14] == [2] * 6
    assert set(frames[14:-1]) == {4}


async def test_seeds_differ_and_two_sentences_at_once_are_as_each_alone(
    make: Make, ada: Reference, bob: Reference
) -> None:
    backend = await make(listeners=4, patience_s=60)
    states = [await backend.enroll(person) for person in (ada, bob)]
    requests = [said(s, t, seed=n) for s in states for t in (SENTENCE, OTHER) for n in (1, 2)]
    alone = [await heard(backend, request) for request in requests]
    together = await asyncio.gather(*(heard(backend, request) for request in requests))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    assert len({samples.tobytes() for samples in alone}) == len(requests)


async def test_a_sentence_that_never_ends_is_capped_by_its_text(
    make: Make, endless: Path, ada: Reference
) -> None:
    backend = await make(model=str(endless))
    state = await backend.enroll(ada)
    short = await heard(backend, said(state, "Yes."))
    assert 2 <= len(short) / RATE <= 5
    assert len(short) < len(await heard(backend, said(state, SENTENCE)))


async def test_the_longest_word_ends(make: Make, endless: Path, ada: Reference) -> None:
    backend = await make(model=str(endless))
    state = await backend.enroll(ada)
    samples = await heard(backend, said(state, "a" * 20_000, speed=1.0))
    assert len(samples) / RATE <= 30.1


async def test_closing_stops_within_a_frame_and_frees_its_place(
    make: Make, endless: Path, ada: Reference
) -> None:
    backend = await make(model=str(endless), listeners=1)
    state = await backend.enroll(ada)
    for _ in range(3):
        async with await backend.synthesize(said(state)) as stream:
            await anext(stream)
            began = time.perf_counter()
        assert time.perf_counter() - began < 1  # the sentence takes 10 s of audio
    task = asyncio.create_task(heard(backend, said(state)))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task], timeout=1)
    assert task.cancelled()


async def test_one_more_than_may_be_listened_to_waits(
    make: Make, endless: Path, ada: Reference
) -> None:
    backend = await make(model=str(endless), listeners=1, patience_s=60)
    state = await backend.enroll(ada)
    async with await backend.synthesize(said(state)) as stream:
        await anext(stream)
        waiting = asyncio.create_task(backend.synthesize(said(state)))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    await (await waiting).aclose()


async def test_learning_goes_on_while_all_places_are_taken(
    make: Make, endless: Path, ada: Reference
) -> None:
    backend = await make(model=str(endless), listeners=1)
    state = await backend.enroll(ada)
    async with await backend.synthesize(said(state)) as stream:
        await anext(stream)
        assert (await backend.enroll(ada)).key == state.key


async def test_the_network_is_never_asked(
    make: Make, ada: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("somebody wants to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    backend = await make()
    assert len(await heard(backend, said(await backend.enroll(ada)))) > RATE / 2


async def test_a_language_has_its_own_model_and_a_state_holds_all(
    make: Make, ada: Reference, weights: Path, tmp_path: Path
) -> None:
    both = await asyncio.to_thread(_with_german, weights, tmp_path / "both")
    backend = await make(model=str(both), languages=["en", "de"])
    state = await backend.enroll(ada)
    assert set(state.tensors) == set(state.notes) == {TINY, "german"}
    assert backend.capabilities().clone_languages == ("en", "de")
    english = [await heard(backend, said(state, language=tag)) for tag in (None, "en-GB")]
    german = await heard(backend, said(state, language="de"))
    assert np.array_equal(english[0], english[1])
    assert not np.array_equal(english[0], german)
    with pytest.raises(BackendUnavailable, match=r"speaks en, de here, and no fr .*languages"):
        await heard(backend, said(state, language="fr"))


def _with_german(weights: Path, folder: Path) -> Path:
    from wyoming_voiceclone.testing.random_pocket import random_pocket  # noqa: PLC0415

    random_pocket(folder, "german", seed=1)
    (folder / f"languages/{TINY}").symlink_to(weights / f"languages/{TINY}")
    return folder


async def test_a_state_of_other_weights_is_refused(
    make: Make, endless: Path, ada: Reference
) -> None:
    backend, other = await make(), await make(model=str(endless))
    state = await other.enroll(ada)
    assert other.revision != backend.revision
    with pytest.raises(BackendUnavailable, match="other weights"):
        await heard(backend, said(state))
    prompt = state.tensors[TINY]
    for strange in (prompt[:-1], prompt[..., :-1], prompt.astype(np.float64), prompt[:, :, :0]):
        ours = replace(state, tensors={TINY: strange}, notes=(await backend.enroll(ada)).notes)
        with pytest.raises(BackendUnavailable, match="made by another model"):
            await heard(backend, said(ours))


async def test_it_listens_to_no_more_than_it_is_told(make: Make) -> None:
    backend = await make(reference_s=5)
    long = await backend.enroll(murmur(200.0, seconds=20))
    assert 2 * 12.5 < long.tensors[TINY].shape[2] < 5.2 * 12.5
    assert backend.revision != (await make()).revision


async def test_a_recording_of_a_few_words_is_refused(make: Make) -> None:
    backend = await make()
    with pytest.raises(BadRecording, match=r"2\.\d s .*need 3 s"):
        await backend.enroll(murmur(200.0, seconds=2.2))


async def test_open_weights_do_not_clone_and_say_so(
    make: Make, ada: Reference, exported: Path
) -> None:
    backend = await make(cloning=False, voices=str(exported))
    assert not backend.capabilities().clones
    with pytest.raises(CannotClone, match="cloning = true"):
        await backend.enroll(ada)
    assert len(await heard(backend, SynthesisRequest(SENTENCE, "pocket-alba")))


async def test_the_temperature_is_the_voices_or_the_settings(make: Make, ada: Reference) -> None:
    backend, cold = await make(), await make(temperature=0)
    state = await backend.enroll(ada)
    frozen = [await heard(cold, said(state, seed=seed)) for seed in (1, 2)]
    assert np.array_equal(frozen[0], frozen[1])
    asked = said(state, seed=3, settings={"temperature": 0})
    assert np.array_equal(frozen[0], await heard(backend, asked))
    with pytest.raises(BadRequest, match="temperature 'hot'"):
        await heard(backend, said(state, settings={"temperature": "hot"}))


async def test_weights_that_are_not_there_are_named_with_the_remedy(
    make: Make, folders: Folders, tmp_path: Path
) -> None:
    with pytest.raises(BackendUnavailable, match="engines install pocket"):
        await asyncio.to_thread(PocketBackend, PocketSettings(), folders)
    with pytest.raises(BackendUnavailable, match=r"has no .*model\.safetensors"):
        await make(model=str(tmp_path))


async def test_weights_that_are_broken_make_it_unavailable(make: Make, tmp_path: Path) -> None:
    (tmp_path / f"languages/{TINY}").mkdir(parents=True)
    for file in ("model.safetensors", "tokenizer.model"):
        (tmp_path / f"languages/{TINY}" / file).write_bytes(b"broken")
    with pytest.raises(BackendError, match=r"model\.safetensors cannot be read"):
        await make(model=str(tmp_path))


@pytest.mark.parametrize("text", ["", "…", " \u200b ", "!?"])
async def test_nothing_is_said_where_nothing_is_to_be_said(
    make: Make, ada: Reference, text: str
) -> None:
    backend = await make()
    assert len(await heard(backend, said(await backend.enroll(ada), text))) == 0
