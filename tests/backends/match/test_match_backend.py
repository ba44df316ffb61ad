"""Match speaks as anybody, through whatever else this machine speaks with."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.espeak import EspeakSettings
from wyoming_voiceclone.backends.espeak.backend import EspeakBackend
from wyoming_voiceclone.backends.match import MatchSettings
from wyoming_voiceclone.backends.match.backend import MatchBackend
from wyoming_voiceclone.backends.match.statistics import VoiceStatistics
from wyoming_voiceclone.backends.scripted import ADA, ScriptedBackend
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRecording, BadRequest
from wyoming_voiceclone.testing.cloning import Persons, check_cloning
from wyoming_voiceclone.testing.conformance import SENTENCE, speak
from wyoming_voiceclone.voices import Reference, SpeakerState, Voice

FEW = MatchSettings(most_candidates=2)


@pytest_asyncio.fixture
async def match(espeak: EspeakBackend, cache: Path) -> AsyncIterator[MatchBackend]:
    backend = MatchBackend(espeak, FEW, cache)
    yield backend
    await backend.aclose()


def request(state: SpeakerState | None, language: str | None = "en-US") -> SynthesisRequest:
    return SynthesisRequest(SENTENCE, "grandpa", language, speaker_state=state, seed=1)


async def heard(backend: MatchBackend, state: SpeakerState) -> VoiceStatistics:
    rate, samples = await speak(backend, request(state))
    return await asyncio.to_thread(VoiceStatistics.of_speech, samples.astype(np.float64), rate)


@pytest.mark.timeout(180)
async def test_it_keeps_the_contract_of_every_engine_that_clones(
    espeak: EspeakBackend, persons: Persons, cache: Path
) -> None:
    async def make() -> MatchBackend:
        return MatchBackend(espeak, FEW, cache)

    await check_cloning(make, persons)


async def test_each_person_is_heard_at_their_own_pitch(
    match: MatchBackend, persons: Persons
) -> None:
    for person in (persons.ada, persons.bob):
        state = await match.enroll(person)
        target = VoiceStatistics.from_tensors(state.tensors)
        assert (await heard(match, state)).log_f0 == pytest.approx(target.log_f0, abs=0.1)


async def test_a_state_is_a_few_kilobytes_and_tells_its_base(
    match: MatchBackend, low: Reference
) -> None:
    state = await match.enroll(low)
    assert state.bytes < 16_000
    assert state.notes["base_voice"].startswith("espeak-en")
    assert state.notes["language"] == "en-US"


async def test_one_state_speaks_every_language_of_the_base(
    match: MatchBackend, high: Reference
) -> None:
    state = await match.enroll(high)
    english, german = [await speak(match, request(state, tag)) for tag in ("en-US", "de")]
    assert len(english[1]) != len(german[1])


async def test_a_state_serves_another_machines_base(match: MatchBackend, high: Reference) -> None:
    state = await match.enroll(high)
    slower = await asyncio.to_thread(EspeakBackend, EspeakSettings(pitch=10))
    elsewhere = MatchBackend(slower, FEW)
    here, there = await heard(match, state), await heard(elsewhere, state)
    await elsewhere.aclose()
    await slower.aclose()
    assert here.log_f0 == pytest.approx(there.log_f0, abs=0.15)


async def test_without_a_person_nobody_is_spoken_as(match: MatchBackend) -> None:
    with pytest.raises(BackendUnavailable, match="grandpa"):
        await match.synthesize(request(None))


async def test_a_language_that_no_base_speaks_is_told(match: MatchBackend, low: Reference) -> None:
    state = await match.enroll(low)
    with pytest.raises(BackendUnavailable, match="qaa"):
        await match.synthesize(request(state, "qaa"))


async def test_a_language_that_no_base_speaks_keeps_nobody_from_being_learnt(
    match: MatchBackend, low: Reference
) -> None:
    klingon = Reference(low.samples, low.rate, language="qaa")
    state = await match.enroll(klingon)
    assert state.notes["language"] == "en-US"


async def test_less_strength_stays_nearer_to_the_base(match: MatchBackend, high: Reference) -> None:
    state = await match.enroll(high)
    said = {}
    for strength in (0.0, 0.5, 1.0):
        asked = replace(request(state), settings={"strength": strength})
        rate, samples = await speak(match, asked)
        said[strength] = await asyncio.to_thread(
            VoiceStatistics.of_speech, samples.astype(np.float64), rate
        )
    pitches = [one.log_f0 for one in said.values()]
    assert pitches == sorted(pitches)


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan"), "much"])
async def test_an_impossible_strength_is_refused(
    match: MatchBackend, low: Reference, strength: float | str
) -> None:
    state = await match.enroll(low)
    with pytest.raises(BadRequest, match="strength"):
        await match.synthesize(replace(request(state), settings={"strength": strength}))


async def test_closing_ends_what_is_being_spoken_with_an_error(low: Reference) -> None:
    state = await enrolled_with_espeak(low)
    base = ScriptedBackend(voices=[ADA], word_s=0.3, chunk_s=0.05)
    match = MatchBackend(base, MatchSettings())
    asked = SynthesisRequest("one two three " * 10, "x", "en", speaker_state=state)
    stream = await match.synthesize(asked)
    await match.aclose()
    with pytest.raises(BackendError, match="closed"):
        async for _ in stream:
            pass
    await stream.aclose()
    assert base.speaking == 0


async def test_words_keep_their_times(
    match: MatchBackend, espeak: EspeakBackend, low: Reference
) -> None:
    state = await match.enroll(low)
    plain = SynthesisRequest(SENTENCE, state.notes["base_voice"], seed=1)
    async with await espeak.synthesize(plain) as stream:
        samples = sum([len(chunk) async for chunk in stream])
        timings = list(stream.timings)
    async with await match.synthesize(request(state)) as stream:
        assert sum([len(chunk) async for chunk in stream]) == samples
        assert list(stream.timings) == timings


async def test_the_first_sound_comes_while_the_base_still_speaks(low: Reference) -> None:
    base = ScriptedBackend(voices=[ADA], word_s=0.3, chunk_s=0.05)
    match = MatchBackend(base, MatchSettings(strength=0))
    async with asyncio.timeout(20):
        state = await enrolled_with_espeak(low)
        base_words = SynthesisRequest("one two three " * 10, "x", "en", speaker_state=state)
        stream = await match.synthesize(base_words)
    assert base.speaking == 1
    await stream.aclose()
    assert base.speaking == 0
    await match.aclose()


async def enrolled_with_espeak(person: Reference) -> SpeakerState:
    espeak = await asyncio.to_thread(EspeakBackend, EspeakSettings())
    match = MatchBackend(espeak, MatchSettings(most_candidates=1))
    state = await match.enroll(person)
    await match.aclose()
    await espeak.aclose()
    return state


async def test_a_base_that_cannot_speak_is_told(low: Reference) -> None:
    base = ScriptedBackend("mute", voices=[Voice("mute", ("en",))])
    await base.aclose()
    match = MatchBackend(base, MatchSettings())
    with pytest.raises(BackendUnavailable, match="mute is closed"):
        await match.enroll(low)
    await match.aclose()


async def test_a_base_that_dies_in_the_middle_ends_the_stream_with_its_error(
    low: Reference,
) -> None:
    state = await enrolled_with_espeak(low)
    base = ScriptedBackend(voices=[ADA], word_s=0.3, die="die")
    match = MatchBackend(base, MatchSettings())
    stream = await match.synthesize(
        SynthesisRequest("one two three four die six", "x", "en", speaker_state=state)
    )
    with pytest.raises(BackendError, match="died"):
        async for _ in stream:
            pass
    await stream.aclose()
    await match.aclose()


async def test_a_bad_recording_is_told_before_any_voice_speaks(low: Reference) -> None:
    base = ScriptedBackend(voices=[ADA])
    match = MatchBackend(base, MatchSettings())
    with pytest.raises(BadRecording, match="need at least 3 s"):
        await match.enroll(Reference(low.samples[: low.rate], low.rate))
    await match.aclose()
    assert not base.spoken
