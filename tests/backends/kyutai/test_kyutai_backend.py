"""Kyutai TTS as a backend, through its real library with tiny random weights."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("moshi", reason="moshi comes with the engines: script/test --engines")

import itertools

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.kyutai import ENGINE, KyutaiSettings
from wyoming_voiceclone.backends.kyutai.backend import KyutaiBackend
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest, TextTooLong
from wyoming_voiceclone.testing.conformance import OTHER, SENTENCE, check_backend, speak
from wyoming_voiceclone.voices import SpeakerState
from wyoming_voiceclone.workers import WorkerBackend, WorkerPlan

pytestmark = pytest.mark.timeout(300)  # a busy machine takes its time

MakeSettings = Callable[..., KyutaiSettings]


async def said(
    backend: KyutaiBackend, pieces: list[str], pause_s: float = 0.0, **request: Any
) -> tuple[Chunk, list[tuple[str, float, float]]]:
    """What is said of a text that is still being written, and where its words lie."""

    async def written() -> AsyncIterator[str]:
        for piece in pieces:
            await asyncio.sleep(pause_s)
            yield piece

    asked = SynthesisRequest("", "kyutai-alba", **request)
    async with await backend.synthesize_words(asked, written()) as stream:
        chunks = [chunk async for chunk in stream]
    timings = [(timing.text, timing.start_s, timing.end_s) for timing in stream.timings]
    return np.concatenate(chunks), timings


async def test_it_is_a_backend(make_settings: MakeSettings, folders: Folders) -> None:
    async def make() -> KyutaiBackend:
        return await asyncio.to_thread(KyutaiBackend, make_settings(), folders)

    await check_backend(make)


async def test_a_worker_hosts_it(make_settings: MakeSettings, folders: Folders) -> None:
    settings = make_settings().model_dump(mode="json")
    hosted = f"{ENGINE.make.__module__}:ENGINE"
    plan = WorkerPlan(hosted, folders, settings, name="kyutai", python=Path(sys.executable))
    worker = await asyncio.to_thread(WorkerBackend, plan)
    try:
        await worker.warm(["kyutai-alba"])
        assert [voice.name for voice in worker.capabilities().voices] == [
            "kyutai-alba",
            "kyutai-marius",
        ]
        request = SynthesisRequest(SENTENCE, "kyutai-alba", seed=4)
        rate, samples = await speak(worker, request)
    finally:
        await worker.aclose()
    assert rate == 24_000
    assert len(samples) > 24_000


async def test_two_listeners_at_once_never_hear_one_another(
    make_settings: MakeSettings, folders: Folders
) -> None:
    backend = await asyncio.to_thread(KyutaiBackend, make_settings(listeners=2), folders)
    try:
        requests = [
            SynthesisRequest(text, voice, seed=3)
            for text, voice in ((SENTENCE, "kyutai-alba"), (OTHER, "kyutai-marius"))
        ] * 2
        alone = [await speak(backend, request) for request in requests[:2]] * 2
        together = await asyncio.gather(*(speak(backend, request) for request in requests))
    finally:
        await backend.aclose()
    for (_, expected), (_, heard) in zip(alone, together, strict=True):
        assert np.array_equal(expected, heard)


async def test_a_text_may_come_word_by_word(kyutai: KyutaiBackend) -> None:
    whole = (await speak(kyutai, SynthesisRequest(SENTENCE, "kyutai-alba", seed=3)))[1]
    letters, _ = await said(kyutai, list(SENTENCE), seed=3)
    slowly, _ = await said(kyutai, SENTENCE.replace(" ", " |").split("|"), 0.12, seed=3)
    assert np.array_equal(letters, whole)
    assert np.array_equal(slowly, whole)


async def test_speech_begins_before_the_text_is_over(kyutai: KyutaiBackend) -> None:
    rest = asyncio.Event()

    async def written() -> AsyncIterator[str]:
        yield "The kitchen light is on, and the door is open. The kitchen light "
        await rest.wait()
        yield "is on."

    request = SynthesisRequest("", "kyutai-alba", seed=3)
    async with await kyutai.synthesize_words(request, written()) as stream:
        first = await anext(stream)
        rest.set()
        others = [chunk async for chunk in stream]
    assert len(first) == 1920
    assert len(others) > 10


async def test_who_waits_for_words_can_be_stopped(kyutai: KyutaiBackend) -> None:
    async def written() -> AsyncIterator[str]:
        yield "The kitchen "
        await asyncio.Event().wait()

    request = SynthesisRequest("", "kyutai-alba")
    task = asyncio.ensure_future(kyutai.synthesize_words(request, written()))
    await asyncio.wait([task], timeout=2)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert done
    assert len((await speak(kyutai, SynthesisRequest(OTHER, "kyutai-alba")))[1]), (
        "somebody else may speak"
    )


async def test_a_text_that_fails_is_told_to_whoever_listens(kyutai: KyutaiBackend) -> None:
    async def written() -> AsyncIterator[str]:
        yield "The kitchen light is on "
        raise TextTooLong("the text has more than 10 characters")

    with pytest.raises(TextTooLong):
        async with await kyutai.synthesize_words(
            SynthesisRequest("", "kyutai-alba"), written()
        ) as stream:
            _ = [chunk async for chunk in stream]


async def test_words_know_where_they_are(kyutai: KyutaiBackend) -> None:
    whole, words = await said(kyutai, [SENTENCE], seed=3)
    assert " ".join(word for word, _, _ in words) == SENTENCE
    assert words[0][1] == 0
    assert all(before[2] == after[1] for before, after in itertools.pairwise(words))
    assert words[-1][2] == pytest.approx(len(whole) / 24_000, abs=0.2)
    _, faster = await said(kyutai, [SENTENCE], seed=3, speed=2.0)
    assert faster[-1][2] == pytest.approx(words[-1][2] / 2)


async def test_nothing_to_say_is_nothing_said(kyutai: KyutaiBackend) -> None:
    for text in ("", "  \n", ":", "()"):
        assert not len((await speak(kyutai, SynthesisRequest(text, "kyutai-alba")))[1])


async def test_a_sentence_ends_in_time(make_settings: MakeSettings, folders: Folders) -> None:
    settings = make_settings(longest_s=5)
    backend = await asyncio.to_thread(KyutaiBackend, settings, folders)
    try:
        request = SynthesisRequest(" ".join([SENTENCE] * 8), "kyutai-alba")
        samples = (await speak(backend, request))[1]
    finally:
        await backend.aclose()
    assert 4 < len(samples) / 24_000 <= 5


async def test_a_request_may_have_a_manner_of_its_own(kyutai: KyutaiBackend) -> None:
    usual, bold = [
        await speak(kyutai, SynthesisRequest(OTHER, "kyutai-alba", seed=1, settings=settings))
        for settings in ({}, {"guidance": 4.0, "temperature": 0.0})
    ]
    assert not np.array_equal(usual[1], bold[1])
    with pytest.raises(BadRequest, match=r"kyutai-alba: guidance 2\.3"):
        await speak(kyutai, SynthesisRequest(OTHER, "kyutai-alba", settings={"guidance": 2.3}))


async def test_the_network_is_never_asked(
    kyutai: KyutaiBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("somebody wants the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    await kyutai.warm(())
    assert len((await speak(kyutai, SynthesisRequest(OTHER, "kyutai-marius")))[1])


@pytest.mark.parametrize(
    ("tensors", "fact"),
    [
        ({"speaker_wavs": np.zeros((1, 512, 100), np.float32)}, r"\[1, 512, 100\]"),
        ({"speaker_wavs": np.zeros((1, 512, 125), np.float64)}, "float64"),
        ({"speaker_wavs": np.full((1, 512, 125), np.nan, np.float32)}, "not finite"),
        ({"codes": np.zeros(3, np.int16)}, "it holds codes"),
    ],
)
async def test_a_state_of_another_engine_is_refused(
    kyutai: KyutaiBackend, tensors: dict[str, Any], fact: str
) -> None:
    state = SpeakerState("0" * 64, tensors)
    with pytest.raises(BackendUnavailable, match=fact):
        await speak(kyutai, SynthesisRequest(OTHER, "ada", speaker_state=state))


async def test_a_damaged_voice_is_named(
    make_settings: MakeSettings, folders: Folders, write_voice: Callable[..., Path], tmp_path: Path
) -> None:
    file = write_voice(tmp_path, "alba-mackenna/casual.wav", 1)
    file.write_bytes(file.read_bytes()[:1000])
    settings = make_settings(voices=str(tmp_path))
    backend = await asyncio.to_thread(KyutaiBackend, settings, folders)
    try:
        with pytest.raises(BackendError, match=r"casual.*not a voice of Kyutai TTS"):
            await speak(backend, SynthesisRequest(OTHER, "kyutai-alba"))
    finally:
        await backend.aclose()
