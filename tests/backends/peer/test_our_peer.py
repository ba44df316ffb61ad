"""A peer of our kind, through a real server: everything a backend can do arrives whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import numpy as np
import pytest

from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend, PeerLimits
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import (
    BackendError,
    BackendUnavailable,
    BadRecording,
    CannotClone,
)
from wyoming_voiceclone.servers.wyoming import Extension, ExtensionLimits, WyomingServer
from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.testing.plain_speech import PlainSpeech
from wyoming_voiceclone.testing.scripted_engine import ScriptedEngineBackend, ScriptedSettings
from wyoming_voiceclone.voices import Reference, SpeakerState, state_key

TONE = np.sin(np.arange(32_000) * (2 * np.pi * 300 / 16_000)).astype(np.float32)
REFERENCE = Reference(TONE, 16_000, "größer 🙂", "de")


@asynccontextmanager
async def served(
    backend: Any, limits: ExtensionLimits | None = None
) -> AsyncIterator[Callable[[], Awaitable[PeerBackend]]]:
    """Makes peers of a server for `backend`."""
    async with AsyncExitStack() as stack:
        server = WyomingServer(PlainSpeech(backend), extension=Extension(backend, limits))
        await server.start(["tcp://127.0.0.1:0"])
        stack.push_async_callback(server.aclose)

        async def make() -> PeerBackend:
            peer = PeerBackend("peer", server.addresses[0], PeerLimits(silence_s=5))
            stack.push_async_callback(peer.aclose)
            await peer.meet()
            return peer

        yield make


def scripted(**settings: Any) -> ScriptedEngineBackend:
    return ScriptedEngineBackend(ScriptedSettings(**settings))


async def test_it_keeps_the_contract() -> None:
    async with served(scripted()) as make:
        await check_backend(make)
        await check_cloning(make)


async def test_it_offers_what_the_backend_there_offers() -> None:
    backend = scripted(revision="r7")
    async with served(backend) as make:
        peer = await make()
        assert peer.capabilities() == backend.capabilities()
        assert peer.revision == "r7"


async def test_what_is_heard_is_what_was_computed_to_the_last_bit() -> None:
    backend = scripted()
    async with served(backend) as make:
        request = SynthesisRequest("one two three", "ada", seed=5, speed=1.25)
        direct, heard = await speak(backend, request), await speak(await make(), request)
    assert direct[0] == heard[0]
    assert np.array_equal(direct[1], heard[1])


async def test_everything_in_a_request_arrives() -> None:
    backend = ScriptedBackend()
    sent = SynthesisRequest(
        "[[həˈloʊ|hello]] you", "ada", "en-US", None, 1.5, 77, {"noise": 0.5, "fast": True}
    )
    async with served(backend) as make:
        await speak(await make(), sent)
    assert backend.spoken == [sent]


async def test_the_listeners_clock_goes_on_there() -> None:
    backend = ScriptedBackend()
    playback = Playback()
    playback.hand_over(3.0)
    async with served(backend) as make:
        await speak(await make(), SynthesisRequest("one", "ada", playback=playback))
        arrived = backend.spoken[0].playback
        assert arrived
        assert arrived.dry_at == pytest.approx(time.monotonic() + 3.1, abs=0.5)


def pitched(hz: float, key: str) -> SpeakerState:
    return SpeakerState(key, {"hz": np.array([hz], np.float32)}, {"note": "größer"})


async def heard_hz(peer: PeerBackend, state: SpeakerState) -> float:
    rate, samples = await speak(peer, SynthesisRequest("one", "ada", speaker_state=state))
    return float(np.argmax(np.abs(np.fft.rfft(samples)))) * rate / len(samples)


async def test_a_recording_becomes_the_state_that_the_engine_there_makes_of_it() -> None:
    backend = scripted(enroll_s=0.2)
    async with served(backend) as make:
        shares: list[float] = []
        state = await (await make()).enroll(REFERENCE, shares.append)
        direct = await backend.enroll(REFERENCE)
    assert backend.capabilities().clones
    assert np.array_equal(state.tensors["hz"], direct.tensors["hz"])
    assert 0 < shares[0] < shares[-1] == 1.0


async def test_a_state_has_the_key_that_it_is_looked_for_under_here() -> None:
    async with served(scripted(revision="r7")) as make:
        peer = await make()
        assert (await peer.enroll(REFERENCE)).key == state_key(REFERENCE, "peer", "r7")


async def test_a_state_is_sent_once_and_then_known_by_its_key() -> None:
    async with served(scripted()) as make:
        peer = await make()
        assert await heard_hz(peer, pitched(500, "same")) == pytest.approx(500, abs=10)
        assert await heard_hz(peer, pitched(900, "same")) == pytest.approx(500, abs=10)
        assert await heard_hz(peer, pitched(900, "other")) == pytest.approx(900, abs=10)


async def test_speech_louder_than_full_scale_is_not_clipped() -> None:
    async with served(scripted(level=4.0)) as make:
        peer = await make()
        async with await peer.synthesize(SynthesisRequest("one two", "ada")) as stream:
            samples = np.concatenate([chunk async for chunk in stream])
            assert stream.full_scale == 4.0
    assert np.abs(samples).max() == pytest.approx(2.0, abs=0.01)


async def test_a_state_that_the_peer_forgot_is_sent_again() -> None:
    async with served(scripted(), ExtensionLimits(states_bytes=1)) as make:
        peer = await make()
        states = [pitched(500, "a"), pitched(900, "b"), pitched(700, "a")]
        heard = [await heard_hz(peer, state) for state in states]
    assert heard == pytest.approx([500, 900, 700], abs=10)


async def test_timings_arrive_while_the_words_do() -> None:
    async with served(scripted(word_s=1.0)) as make:  # a word takes several events
        peer = await make()
        async with await peer.synthesize(SynthesisRequest("one two three", "ada")) as stream:
            async for _ in stream:
                pass
            assert [timing.text for timing in stream.timings] == ["one", "two", "three"]
            assert stream.timings[2].start_s == pytest.approx(2.0)


async def test_a_recording_at_fault_is_told_as_such() -> None:
    async with served(scripted()) as make:
        peer = await make()
        with pytest.raises(BadRecording, match="need 1 s"):
            await peer.enroll(Reference(np.ones(800, np.float32), 8_000))


async def test_a_recording_larger_than_the_limit_is_refused() -> None:
    async with served(scripted(), ExtensionLimits(enroll_bytes=1_000)) as make:
        peer = await make()
        with pytest.raises(BackendError, match="limit is 1000"):
            await peer.enroll(REFERENCE)


async def test_a_backend_that_cannot_clone_says_so() -> None:
    async with served(ScriptedBackend()) as make:
        with pytest.raises(CannotClone, match="peer"):
            await (await make()).enroll(REFERENCE)


async def test_closing_a_stream_stops_the_work_within_a_chunk() -> None:
    backend = ScriptedBackend(chunk_s=0.05)
    async with served(backend) as make:
        peer = await make()
        stream = await peer.synthesize(SynthesisRequest("word " * 100, "ada"))
        assert backend.speaking == 1
        await stream.aclose()
        await settled(backend)


async def test_cancelling_before_the_first_chunk_stops_the_work() -> None:
    backend = ScriptedBackend(first_chunk_s=30)
    async with served(backend) as make:
        peer = await make()
        asking = asyncio.create_task(peer.synthesize(SynthesisRequest("one", "ada")))
        await asyncio.sleep(0.1)
        assert backend.speaking == 1
        asking.cancel()
        await asyncio.wait({asking})
        await settled(backend)


async def test_cancelling_an_enrolment_stops_it() -> None:
    async with served(scripted(enroll_s=60)) as make:
        peer = await make()
        enrolling = asyncio.create_task(peer.enroll(REFERENCE))
        await asyncio.sleep(0.1)
        enrolling.cancel()
        done, _ = await asyncio.wait({enrolling}, timeout=1)
        assert done  # and no task of the server is left behind


async def test_a_failure_before_the_first_chunk_lets_another_be_asked() -> None:
    async with served(scripted(refuse="no")) as make:
        peer = await make()
        with pytest.raises(BackendUnavailable, match="refuses"):
            await peer.synthesize(SynthesisRequest("no", "ada"))


async def test_a_failure_inside_the_sentence_is_raised_by_the_stream() -> None:
    async with served(scripted(die="three")) as make:
        peer = await make()
        async with await peer.synthesize(SynthesisRequest("one two three four", "ada")) as stream:
            with pytest.raises(BackendError, match="died"):
                async for _ in stream:
                    pass


async def test_a_peer_that_is_not_there_is_named() -> None:
    peer = PeerBackend("the box", "tcp://127.0.0.1:1")
    with pytest.raises(BackendUnavailable, match=r"the box: cannot connect to tcp://127.0.0.1:1"):
        await peer.synthesize(SynthesisRequest("one", "ada"))


async def test_eight_listeners_at_once_hear_their_own_words() -> None:
    backend = scripted(chunk_s=0.002)
    async with served(backend) as make:
        peer = await make()
        requests = [SynthesisRequest(f"word{i} " * 20, "ada") for i in range(8)]
        alone = [await speak(backend, request) for request in requests]
        together = await asyncio.gather(*(speak(peer, request) for request in requests))
    for (_, expected), (_, heard) in zip(alone, together, strict=True):
        assert np.array_equal(expected, heard)


async def settled(backend: ScriptedBackend) -> None:
    async with asyncio.timeout(0.5):
        while backend.speaking:  # noqa: ASYNC110 -- seen from outside
            await asyncio.sleep(0.005)
