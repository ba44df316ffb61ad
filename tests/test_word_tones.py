"""What tests hear with: words told from their sound, and a cable that can be cut."""

import asyncio
from contextlib import suppress

import numpy as np
import pytest

from wyoming_voiceclone.audio.resample import Resampler
from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.testing.cable import Cable
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.testing.line import Line
from wyoming_voiceclone.testing.word_tones import (
    WordTonesBackend,
    WordTonesSettings,
    heard_words,
)

WORDS = [
    "the",
    "kitchen",
    "light",
    "is",
    "on",
    "and",
    "so",
    "is",
    "every",
    "other",
    "one",
    "in",
    "this",
    "house",
]


async def test_the_words_of_a_text_are_heard_in_their_order() -> None:
    backend = WordTonesBackend(WordTonesSettings())
    rate, samples = await speak(backend, SynthesisRequest("The kitchen, is ON!", "ada"))
    assert heard_words(samples, rate, WORDS) == ["the", "kitchen", "is", "on"]
    assert heard_words(samples, rate, ["house"]) == ["?"] * 4


@pytest.mark.parametrize("to", [24_000, 22_050])
async def test_they_are_heard_at_another_rate_and_in_16_bits(to: int) -> None:
    backend = WordTonesBackend(WordTonesSettings())
    rate, samples = await speak(backend, SynthesisRequest(" ".join(WORDS), "ada"))
    resampler = Resampler(rate, to)
    moved = np.concatenate([resampler.feed(samples), resampler.finish()])
    coarse = (moved * 32767).astype(np.int16).astype(np.float32)
    assert heard_words(coarse, to, WORDS) == WORDS


async def test_a_word_left_out_or_said_twice_is_noticed() -> None:
    backend = WordTonesBackend(WordTonesSettings())
    for said in ("the light is on", "the kitchen light light is on"):
        rate, samples = await speak(backend, SynthesisRequest(said, "ada"))
        assert heard_words(samples, rate, WORDS) == said.split()


async def test_it_is_a_backend_but_for_speed() -> None:
    async def make() -> Backend:
        return WordTonesBackend(WordTonesSettings())

    with pytest.raises(AssertionError, match="speed makes no difference"):
        await check_backend(make)


async def test_a_reset_at_one_end_of_a_cable_is_one_at_the_other() -> None:
    async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        Line(reader, writer).reset()

    server = await asyncio.start_server(vanish, "127.0.0.1", 0)
    async with server, Cable("127.0.0.1", server.sockets[0].getsockname()[1]) as cable:
        reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
        async with asyncio.timeout(2):
            with suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


async def test_a_cut_cable_carries_nothing_and_tells_nobody() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Cable("127.0.0.1", server.sockets[0].getsockname()[1]) as cable:
        reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        cable.cut()
        writer.write(b"two")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        cable.mend()
        assert await reader.readexactly(3) == b"two"
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
