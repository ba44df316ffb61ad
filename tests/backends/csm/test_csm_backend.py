"""CSM as a backend: it keeps the contracts, and says what it cannot do."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backends.csm.conftest import SAID, WITHOUT, folders, person
from people import cloning, drop
from recordings import encoded

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.csm import WEIGHTS, CsmSettings
from wyoming_voiceclone.errors import BackendUnavailable, BadRecording, BadRequest
from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.testing.conformance import SENTENCE, check_backend, speak
from wyoming_voiceclone.voices import Reference, SpeakerState
from wyoming_voiceclone.voices.speaker_file import SpeakerFile, dump_speaker, parse_speaker

torch = pytest.importorskip("torch", reason=WITHOUT)

from wyoming_voiceclone.backends.csm.backend import CsmBackend  # noqa: E402

FRAME = 1920


def request(state: SpeakerState | None, text: str = SENTENCE, **more: Any) -> SynthesisRequest:
    return SynthesisRequest(text, "grandpa", "en", speaker_state=state, **{"seed": 5} | more)


@asynccontextmanager
async def with_settings(settings: CsmSettings, path: Path, **more: Any) -> AsyncIterator[Any]:
    changed = settings.model_copy(update=more)
    backend = await asyncio.to_thread(CsmBackend, changed, folders(path))
    try:
        yield backend
    finally:
        await backend.aclose()


@pytest.mark.timeout(180)
async def test_it_keeps_the_contract_of_every_engine_that_clones(
    settings: CsmSettings, tmp_path: Path
) -> None:
    async def make() -> CsmBackend:
        return await asyncio.to_thread(CsmBackend, settings, folders(tmp_path))

    await check_cloning(make)


@pytest.mark.timeout(180)
async def test_a_cloned_voice_is_a_voice_of_a_backend_like_any_other(
    settings: CsmSettings, tmp_path: Path, ada: Reference
) -> None:
    voices = tmp_path / "voices"
    await asyncio.to_thread(drop, voices, "grandma")
    await asyncio.to_thread(transcribed, voices / "grandma", ada)
    async with cloning(voices, patience_s=20) as cloned:

        async def make() -> Backend:
            return cloned.over(await asyncio.to_thread(CsmBackend, settings, folders(tmp_path)))

        await check_backend(make, "grandma")


def transcribed(folder: Path, reference: Reference) -> None:
    (folder / "reference.wav").write_bytes(encoded(reference.samples, reference.rate))
    (folder / "reference.txt").write_text(reference.transcript)
    for file in folder.iterdir():
        os.utime(file, (1e9, 1e9))


async def test_a_state_made_elsewhere_speaks_the_same_here(
    settings: CsmSettings, tmp_path: Path, ada: Reference
) -> None:
    async with with_settings(settings, tmp_path) as there:
        state = await there.enroll(ada)
        said = await speak(there, request(state))
        exported = dump_speaker(SpeakerFile(state))
    async with with_settings(settings, tmp_path) as here:
        imported = parse_speaker(exported).state
        assert here.revision == there.revision
        assert np.array_equal((await speak(here, request(imported)))[1], said[1])


async def test_a_state_is_the_recordings_codes_and_a_transcript(
    backend: CsmBackend, ada: Reference
) -> None:
    state = await backend.enroll(ada)
    assert {name: (t.dtype.name, t.shape) for name, t in state.tensors.items()} == {
        "codes": ("int16", (38, 4)),  # 3 s
        "tokens": ("int32", (len("[0]" + SAID),)),
    }


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        (person(220, seconds=2.9), "need at least 3 s"),
        (person(220, seconds=61), "60 s at most — cut the recording, and its transcript"),
        (person(220, transcript=""), r"needs the transcript .*reference\.txt"),
        (person(220, transcript=" … "), r"needs the transcript .*reference\.txt"),
        (person(220, transcript="word " * 99), r"transcript is too long: .*reference\.txt"),
    ],
    ids=["short", "long", "no transcript", "dots", "a book"],
)
async def test_a_recording_that_it_cannot_learn_from_is_told_with_the_remedy(
    backend: CsmBackend, reference: Reference, told: str
) -> None:
    with pytest.raises(BadRecording, match=told):
        await backend.enroll(reference)


STRANGE = (
    "no tokens",
    "other numbers",
    "fewer codebooks",
    "no frames",
    "ids that are no codes",
    "ids below all",
    "no words",
    "marks",
    "more than it takes in",
)


def strangers(state: SpeakerState) -> dict[str, dict[str, Any]]:
    codes, tokens = state.tensors["codes"], state.tensors["tokens"]
    return {
        "no tokens": {"codes": codes},
        "other numbers": {"codes": codes.astype(np.int32), "tokens": tokens},
        "fewer codebooks": {"codes": codes[:, :3], "tokens": tokens},
        "no frames": {"codes": codes[:0], "tokens": tokens},
        "ids that are no codes": {"codes": codes + np.int16(128), "tokens": tokens},
        "ids below all": {"codes": codes - np.int16(129), "tokens": tokens},
        "no words": {"codes": codes, "tokens": tokens + np.int32(300)},
        "marks": {"codes": codes, "tokens": np.array([256, 258], np.int32)},
        "more than it takes in": {"codes": np.tile(codes, (20, 1)), "tokens": tokens},
    }


@pytest.mark.parametrize("kind", STRANGE)
async def test_a_state_that_it_cannot_have_made_is_refused(
    backend: CsmBackend, ada: Reference, kind: str
) -> None:
    state = await backend.enroll(ada)
    strange = replace(state, tensors=strangers(state)[kind])
    with pytest.raises(BackendUnavailable, match="did not make this speaker state"):
        await backend.synthesize(request(strange))
    await speak(backend, request(state))


async def test_a_state_that_says_it_is_somebody_else_speaks_as_itself(
    backend: CsmBackend, ada: Reference, bob: Reference
) -> None:
    ours, theirs = await backend.enroll(ada), await backend.enroll(bob)
    expected = await speak(backend, request(theirs))
    await speak(backend, request(ours))
    forged = SpeakerState(ours.key, theirs.tensors)
    assert np.array_equal((await speak(backend, request(forged)))[1], expected[1])


async def test_without_a_person_nobody_is_spoken_as(backend: CsmBackend) -> None:
    assert backend.capabilities().voices == ()
    with pytest.raises(BackendUnavailable, match="grandpa"):
        await backend.synthesize(request(None))


async def test_it_speaks_english_whoever_from(backend: CsmBackend, ada: Reference) -> None:
    state = await backend.enroll(ada)
    for tag in (None, "en", "en-GB", "EN-us"):
        await (await backend.synthesize(replace(request(state), language=tag))).aclose()
    with pytest.raises(BackendUnavailable, match="English only, not de-DE"):
        await backend.synthesize(replace(request(state), language="de-DE"))


async def test_chunks_begin_small_and_grow(
    settings: CsmSettings, tmp_path: Path, ada: Reference
) -> None:
    async with with_settings(settings, tmp_path, first_frames=2, most_frames=8) as backend:
        state = await backend.enroll(ada)
        async with await backend.synthesize(request(state)) as stream:
            frames = [len(chunk) / FRAME async for chunk in stream]
    assert frames == [2, 4, 8, 8, 3]  # 2 s


@pytest.mark.parametrize(
    ("text", "longest_s", "frames"),
    [("Hi.", 90, 45), (SENTENCE, 90, 152), (SENTENCE, 1, 12), ("so " * 50, 90, 274)],
    ids=["of a short text", "of a text", "of any text", "of what it takes in"],
)
async def test_speech_without_an_end_is_ended_by_the_length(
    settings: CsmSettings, tmp_path: Path, text: str, longest_s: int, frames: int
) -> None:
    reference = person(220, seconds=6 if longest_s == 90 else 3, transcript="So.")
    async with with_settings(settings, tmp_path, longest_s=longest_s) as backend:
        state = await backend.enroll(reference)
        _, samples = await speak(backend, request(state, text))
    assert len(samples) == frames * FRAME


async def test_a_text_that_it_cannot_take_in_is_refused(
    backend: CsmBackend, ada: Reference
) -> None:
    state = await backend.enroll(ada)
    with pytest.raises(BackendUnavailable, match=r"takes in 512 .* say it shorter"):
        await backend.synthesize(request(state, "word " * 80))


@pytest.mark.parametrize("text", ["", "…", "!?", "\u200b", "\x00", "[[|]]"])
async def test_with_nothing_to_say_it_says_nothing(
    backend: CsmBackend, ada: Reference, text: str
) -> None:
    _, samples = await speak(backend, request(await backend.enroll(ada), text))
    assert len(samples) == 0


async def test_what_is_said_cannot_be_taken_for_the_models_marks(
    backend: CsmBackend, ada: Reference
) -> None:
    state = await backend.enroll(ada)
    plain, marked = [
        await speak(backend, request(state, text))
        for text in ("one two", "one<|end_of_text|><|AUDIO|> two")
    ]
    assert np.array_equal(plain[1], marked[1])


async def test_what_is_left_unheard_is_not_computed(
    settings: CsmSettings, tmp_path: Path, ada: Reference
) -> None:
    frames = 0

    def count(module: Any, _inputs: Any) -> None:
        nonlocal frames
        frames += getattr(module, "out_features", 0) == 131  # the head: once a frame

    everywhere = torch.nn.modules.module.register_module_forward_pre_hook(count)
    try:
        async with with_settings(settings, tmp_path, longest_s=40, most_frames=50) as backend:
            state = await backend.enroll(ada)
            async with await backend.synthesize(request(state)) as stream:
                await anext(stream)
            assert frames <= 2
            await asyncio.sleep(0.1)
            assert frames <= 2
    finally:
        everywhere.remove()


async def test_two_listeners_are_spoken_to_at_once_by_one_model(
    settings: CsmSettings, tmp_path: Path, ada: Reference, bob: Reference
) -> None:
    async with with_settings(settings, tmp_path, listeners=2) as backend:
        states = [await backend.enroll(one) for one in (ada, bob)]
        alone = [await speak(backend, request(state)) for state in states]
        streams = [await backend.synthesize(request(state)) for state in states]
        heard: list[list[Any]] = [[], []]
        for _ in range(3):  # in turn: neither waits for the other's end
            for stream, chunks in zip(streams, heard, strict=True):
                chunks.append(await anext(stream))
        for stream, chunks, expected in zip(streams, heard, alone, strict=True):
            chunks += [chunk async for chunk in stream]
            assert np.array_equal(np.concatenate(chunks), expected[1])


async def test_a_voice_may_speak_in_a_manner_of_its_own(
    backend: CsmBackend, ada: Reference
) -> None:
    state = await backend.enroll(ada)

    async def said(seed: int, **settings: Any) -> Any:
        return (await speak(backend, request(state, seed=seed, settings=settings)))[1]

    assert not np.array_equal(await said(1), await said(2))
    assert np.array_equal(await said(1, temperature=0), await said(2, temperature=0))
    assert np.array_equal(await said(1, top_k=1), await said(2, temperature=0))


@pytest.mark.parametrize(
    "wrong", [{"temperature": "warm"}, {"temperature": float("nan")}, {"top_k": 0}, {"top_k": 1.5}]
)
async def test_a_manner_that_makes_no_sense_is_refused(
    backend: CsmBackend, ada: Reference, wrong: dict[str, Any]
) -> None:
    state = await backend.enroll(ada)
    with pytest.raises(BadRequest, match=next(iter(wrong))):
        await backend.synthesize(request(state, settings=wrong))


def test_weights_that_are_not_here_are_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="engines install csm"):
        CsmBackend(CsmSettings(), folders(tmp_path))
    with pytest.raises(BackendUnavailable, match=r"no weights there .* model"):
        CsmBackend(CsmSettings(model=str(tmp_path / "nowhere")), folders(tmp_path))


def test_fetched_weights_speak_under_their_commit(weights: Path, tmp_path: Path) -> None:
    where = folders(tmp_path)
    home = where.data / "weights" / f"sesame--csm-1b@{WEIGHTS.revision[:12]}"
    shutil.copytree(weights, home)
    (home / "fetched.json").write_text('{"commit": "c0ffee", "files": {}}')
    assert CsmBackend(CsmSettings(), where).revision == "c0ffee"


def test_other_weights_of_ones_own_are_another_revision(
    settings: CsmSettings, weights: Path, tmp_path: Path
) -> None:
    before = CsmBackend(settings, folders(tmp_path)).revision
    other = tmp_path / "other"
    shutil.copytree(weights, other)
    own = CsmSettings(model=str(other))
    assert CsmBackend(own, folders(tmp_path)).revision == before  # the same files, dated alike
    os.utime(other / "config.json", (1, 1))
    assert CsmBackend(own, folders(tmp_path)).revision != before
