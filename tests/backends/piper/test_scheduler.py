"""Many listeners, one processor."""

import asyncio
import threading
import time
from contextlib import aclosing
from itertools import pairwise

import numpy as np
import pytest
from stock_voice import SEVERAL, loaded

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends.backend import AudioStream
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.scheduler import Scheduler
from wyoming_voiceclone.backends.piper.sentence import Sentence
from wyoming_voiceclone.errors import BackendUnavailable

TEXT = "The meeting in the garden was moved to a quarter past seven because of the weather."
LONG = " and then ".join([TEXT[:-1]] * 8)


@pytest.fixture
def voice() -> LoadedVoice:
    return loaded()


@pytest.fixture
def four_speakers() -> LoadedVoice:
    return loaded(SEVERAL)


async def chunks_of(stream: AudioStream) -> list[Chunk]:
    async with stream:
        return [chunk async for chunk in stream]


async def spoken(scheduler: Scheduler, voice: LoadedVoice, sentence: Sentence) -> Chunk:
    return np.concatenate(await chunks_of(await scheduler.speak(voice, sentence, None)))


async def test_a_sentence_comes_in_chunks_that_grow(voice: LoadedVoice) -> None:
    async with aclosing(Scheduler()) as scheduler:
        stream = await scheduler.speak(voice, Sentence(TEXT), Playback())
        assert (stream.rate, stream.full_scale) == (voice.rate, voice.full_scale)
        sizes = [len(chunk) for chunk in await chunks_of(stream)]
    assert sizes[0] < sizes[1]
    assert sizes[0] <= 20 * 256
    assert sum(sizes) % 256 == 0


async def test_every_word_is_timed_before_the_first_chunk_is_played(voice: LoadedVoice) -> None:
    async with aclosing(Scheduler()) as scheduler:
        stream = await scheduler.speak(voice, Sentence(TEXT), None)
        words = list(stream.timings)
        total = sum(map(len, await chunks_of(stream))) / stream.rate
    assert [word.text for word in words] == TEXT.split()
    assert all(a.end_s <= b.start_s + 0.001 for a, b in pairwise(words))
    assert 0 < words[0].start_s < words[-1].end_s <= total


async def test_the_same_seed_gives_the_same_audio(voice: LoadedVoice) -> None:
    async with aclosing(Scheduler()) as scheduler:
        one, same, other = [
            await spoken(scheduler, voice, Sentence(TEXT, seed=seed)) for seed in (7, 7, 8)
        ]
    np.testing.assert_allclose(one, same, atol=1e-5)
    assert one.shape != other.shape or np.abs(one - other).max() > 0.01


async def test_twice_the_length_scale_is_about_twice_as_long(voice: LoadedVoice) -> None:
    async with aclosing(Scheduler()) as scheduler:
        one = await spoken(scheduler, voice, Sentence(TEXT, seed=1))
        slow = await spoken(scheduler, voice, Sentence(TEXT, seed=1, length_scale=2.0))
    assert 1.6 < len(slow) / len(one) < 2.4


async def test_several_sentences_in_one_are_all_spoken(voice: LoadedVoice) -> None:
    async with aclosing(Scheduler()) as scheduler:
        still = [
            len(await spoken(scheduler, voice, Sentence(text, noise_w_scale=0)))
            for text in ("It is so. Is it so?", "It is so.", "Is it so?")
        ]
    assert still[0] == still[1] + still[2]


@pytest.mark.parametrize("text", ["", "...", " \n"])
async def test_a_text_without_sound_has_no_chunks(voice: LoadedVoice, text: str) -> None:
    async with aclosing(Scheduler()) as scheduler:
        assert await chunks_of(await scheduler.speak(voice, Sentence(text), Playback())) == []


async def test_closing_the_stream_stops_the_work(voice: LoadedVoice) -> None:
    many = Sentence(" ".join([TEXT] * 60), seed=1)
    async with aclosing(Scheduler()) as scheduler:
        before = time.process_time()
        await spoken(scheduler, voice, many)
        whole_s = time.process_time() - before
        before = time.process_time()
        stream = await scheduler.speak(voice, many, None)
        await stream.aclose()
        await asyncio.sleep(2 * whole_s)
        assert time.process_time() - before < whole_s / 3
        assert len(await spoken(scheduler, voice, Sentence("So."))) > 0


async def test_a_cancelled_request_is_forgotten(voice: LoadedVoice) -> None:
    async with aclosing(Scheduler()) as scheduler:
        waiting = asyncio.create_task(scheduler.speak(voice, Sentence(LONG), Playback()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(await spoken(scheduler, voice, Sentence("So."))) > 0


async def test_a_broken_request_breaks_no_other(
    voice: LoadedVoice, four_speakers: LoadedVoice
) -> None:
    async with aclosing(Scheduler()) as scheduler:
        good = asyncio.create_task(spoken(scheduler, voice, Sentence(TEXT)))
        with pytest.raises(BackendUnavailable, match="no speaker 9"):
            await scheduler.speak(four_speakers, Sentence(TEXT, speaker=9), Playback())
        assert len(await good) > 0


@pytest.mark.parametrize("cores", [1, 2, 4])
async def test_eight_listeners_hear_their_own_sentence(voice: LoadedVoice, cores: int) -> None:
    sentences = [Sentence(f"{TEXT} Number {i}.", seed=i, noise_w_scale=0) for i in range(8)]
    async with aclosing(Scheduler(cores=cores)) as scheduler:
        alone = [await spoken(scheduler, voice, sentence) for sentence in sentences]
        together = await asyncio.gather(*(spoken(scheduler, voice, s) for s in sentences))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


async def stalled_s(scheduler: Scheduler, voice: LoadedVoice, sentence: Sentence) -> float:
    """The longest silence of a listener who plays from the first chunk on."""
    playback, worst = Playback(), 0.0
    async with await scheduler.speak(voice, sentence, playback) as stream:
        async for chunk in stream:
            if playback.started is not None:
                worst = max(worst, time.monotonic() - playback.dry_at)
            playback.hand_over(len(chunk) / voice.rate)
    return worst


async def test_nobody_runs_dry_while_others_arrive(voice: LoadedVoice) -> None:
    async def late(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return await stalled_s(scheduler, voice, Sentence(LONG))

    async with aclosing(Scheduler()) as scheduler:
        stalls = await asyncio.gather(*(late(0.01 * i) for i in range(12)))
    assert max(stalls) < 0.05


async def test_a_newcomer_does_not_wait_for_a_long_sentence(voice: LoadedVoice) -> None:
    async with aclosing(Scheduler()) as scheduler:
        long = await scheduler.speak(voice, Sentence(LONG), Playback())
        started = time.monotonic()
        short = await scheduler.speak(voice, Sentence("So."), Playback())
        waited = time.monotonic() - started
        left = len(await chunks_of(long))
        await short.aclose()
    assert left > 5
    assert waited < 0.2


async def test_the_next_sentence_of_a_listener_waits_for_the_one_before(
    voice: LoadedVoice,
) -> None:
    playback = Playback()
    order: list[str] = []

    async def play(name: str, text: str) -> None:
        chunks = await chunks_of(await scheduler.speak(voice, Sentence(text), playback))
        assert chunks
        order.append(name)

    async with aclosing(Scheduler()) as scheduler:
        await asyncio.gather(play("first", LONG), play("second", TEXT))
    assert order == ["first", "second"]


async def test_closing_the_scheduler_ends_what_is_spoken_and_its_threads(
    voice: LoadedVoice,
) -> None:
    scheduler = Scheduler(cores=2)
    stream = await scheduler.speak(voice, Sentence(LONG), Playback())
    await scheduler.aclose()
    await scheduler.aclose()
    assert not [t for t in threading.enumerate() if t.name.startswith("piper-")]
    with pytest.raises(BackendUnavailable, match="shut down"):
        await chunks_of(stream)
    with pytest.raises(BackendUnavailable, match="shut down"):
        await scheduler.speak(voice, Sentence(TEXT), None)
