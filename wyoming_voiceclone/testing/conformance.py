"""The conformance suite of the Backend contract: every backend passes it, the router included."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import AudioStream, Backend, SynthesisRequest
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, NoBackend

SENTENCE = "The kitchen light is on, and the door is open."
OTHER = "Tomorrow it will rain."
ODD = (
    "…",
    "!",
    "\u200b",
    "\x00",
    "🙂",
    "مرحبا",
    "你好",
    "a" * 500,
    "[[həˈloʊ|hello]] you",
    "]] [[ |",
)
BCP_47 = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


async def check_backend(make: Callable[[], Awaitable[Backend]], voice: str | None = None) -> None:
    """Raise AssertionError where a backend breaks the contract.

    `make` gives a fresh one; `voice` names the one to speak with (its first, when None).
    """
    for check in (
        _declares_itself,
        _speaks,
        _is_repeatable,
        _speaks_at_different_speeds,
        _refuses_an_unknown_voice,
        _survives_odd_text,
        _can_be_closed_in_the_middle,
        _can_be_cancelled_before_the_first_chunk,
        _speaks_to_several_at_once,
    ):
        backend = await make()
        try:
            name = voice or backend.capabilities().voices[0].name
            async with asyncio.timeout(30):
                await check(backend, name)
        finally:
            await backend.aclose()
        await _stays_closed(backend, name)


async def speak(backend: Backend, request: SynthesisRequest) -> tuple[int, Chunk]:
    """The rate and all the samples of one sentence."""
    async with await backend.synthesize(request) as stream:
        chunks = [chunk async for chunk in stream]
    return stream.rate, np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


async def speak_in_turn(backend: Backend, request: SynthesisRequest) -> tuple[int, Chunk]:
    """As `speak`, among several at once: whoever is refused because all are busy asks again."""
    while True:
        try:
            return await speak(backend, request)
        except (BackendUnavailable, NoBackend):  # what is not over in time is ended by the check
            await asyncio.sleep(0.05)


async def _declares_itself(backend: Backend, voice: str) -> None:
    assert backend.name
    started = time.perf_counter()
    voices = backend.capabilities().voices
    assert time.perf_counter() - started < 0.05, "capabilities() must be cheap"
    names = [v.name for v in voices]
    assert voice in names
    assert len(names) == len(set(names)), "two voices with one name"
    for each in voices:
        assert each.languages, f"{each.name} speaks no language"
        assert all(BCP_47.fullmatch(tag) for tag in each.languages), each.languages


async def _speaks(backend: Backend, voice: str) -> None:
    async with await backend.synthesize(SynthesisRequest(SENTENCE, voice)) as stream:
        _check_rate(stream)
        chunks = [chunk async for chunk in stream]
    assert chunks, "no sound"
    assert all(c.dtype == np.float32 and c.ndim == 1 for c in chunks)
    samples = np.concatenate(chunks)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() > 1e-3, "silence"
    assert 0.2 < len(samples) / stream.rate < 30


def _check_rate(stream: AudioStream) -> None:
    assert 8_000 <= stream.rate <= 48_000
    assert 0 < stream.full_scale < 100


async def _is_repeatable(backend: Backend, voice: str) -> None:
    request = SynthesisRequest(SENTENCE, voice, seed=7)
    first, second = await speak(backend, request), await speak(backend, request)
    assert first[0] == second[0]
    assert _same(first[1], second[1]), "the same seed gave different audio"


async def _speaks_at_different_speeds(backend: Backend, voice: str) -> None:
    slow = await speak(backend, SynthesisRequest(SENTENCE, voice, speed=0.8, seed=1))
    fast = await speak(backend, SynthesisRequest(SENTENCE, voice, speed=1.6, seed=1))
    assert len(fast[1]) < 0.8 * len(slow[1]), "speed makes no difference"


async def _refuses_an_unknown_voice(backend: Backend, voice: str) -> None:
    try:
        await speak(backend, SynthesisRequest(SENTENCE, f"{voice}-nobody"))
    except BackendError as error:
        assert f"{voice}-nobody" in str(error), "the message must name the voice"
    else:
        raise AssertionError("an unknown voice must be refused")


async def _survives_odd_text(backend: Backend, voice: str) -> None:
    for text in ODD:
        try:
            await speak(backend, SynthesisRequest(text, voice))
        except BackendError as error:
            assert str(error), "an error must say what is wrong"
    await _speaks(backend, voice)


async def _can_be_closed_in_the_middle(backend: Backend, voice: str) -> None:
    unheard = await backend.synthesize(SynthesisRequest(SENTENCE, voice))
    await unheard.aclose()
    await unheard.aclose()
    async with await backend.synthesize(SynthesisRequest(SENTENCE, voice)) as stream:
        await anext(stream)
    await _speaks(backend, voice)


async def _can_be_cancelled_before_the_first_chunk(backend: Backend, voice: str) -> None:
    task = asyncio.ensure_future(backend.synthesize(SynthesisRequest(SENTENCE, voice)))
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=10)
    assert done, "cancelling took longer than 10 s"
    if not task.cancelled() and task.exception() is None:
        await task.result().aclose()
    await _speaks(backend, voice)


async def _speaks_to_several_at_once(backend: Backend, voice: str) -> None:
    requests = [SynthesisRequest(text, voice, seed=3) for text in (SENTENCE, OTHER) * 2]
    alone = [await speak(backend, request) for request in requests[:2]] * 2
    together = await asyncio.gather(*(speak_in_turn(backend, request) for request in requests))
    for (_, expected), (_, heard) in zip(alone, together, strict=True):
        assert _same(expected, heard), "one listener hears another"


def _same(one: Chunk, other: Chunk) -> bool:
    """Alike within 3 steps of 16 bits: how a sentence is cut into chunks may round differently."""
    return len(one) == len(other) and np.allclose(one, other, rtol=0, atol=1e-4)


async def _stays_closed(backend: Backend, voice: str) -> None:
    await backend.aclose()
    try:
        stream = await backend.synthesize(SynthesisRequest(SENTENCE, voice))
    except BackendError:
        return
    async with aclosing(stream):
        raise AssertionError("a closed backend must refuse to speak")
