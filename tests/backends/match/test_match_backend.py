"""Match speaks as anybody, through whatever else this machine speaks with."""

import asyncio
from collections.abc import AsyncIterator
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
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRecording
from wyoming_voiceclone.testing.cloning import Persons, check_cloning
from wyoming_voiceclone.testing.conformance import SENTENCE, speak
from wyoming_voiceclone.voices import Reference, SpeakerState, Voice

FEW = MatchSettings(most_candidates=2)


@pytest_asyncio.fixture
async def espeak() -> AsyncIterator[EspeakBackend]:
    backend = await asyncio.to_thread(EspeakBackend, EspeakSettings())
    yield backend
    await backend.aclose()


@pytest_asyncio.fixture
async def match(espeak: EspeakBackend, cache: Path) -> AsyncIterator[MatchBackend]:
    backend = MatchBackend(espeak, FEW, cache)
    yield backend
    await backend.aclose()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("match")


def request(state: SpeakerState | None, language: str | None = "en-US") -> SynthesisRequest:
    return SynthesisRequest(SENTENCE, "grandpa", language, speaker_state=state, seed=1)


async def heard(backend: MatchBackend, state: SpeakerState) -> VoiceStatistics:
    rate, samples = await speak(backend, request(state))
    return await asyncio.to_thread(VoiceStatistics.of_speech, samples.astype(np.float64), rate)


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


async def test_the_base_voice_may_be_chosen_by_hand(
    espeak: EspeakBackend, cache: Path, low: Reference
) -> None:
    match = MatchBackend(espeak, MatchSettings(base_voice="espeak-en-gb-x-rp"), cache)
    state = await match.enroll(low)
    await match.aclose()
    assert state.notes["base_voice"] == "espeak-en-gb-x-rp"


async def test_the_nearer_voice_is_the_base(high: Reference, cache: Path) -> None:
    espeak = await asyncio.to_thread(EspeakBackend, EspeakSettings(pitch=90))
    match = MatchBackend(espeak, MatchSettings(most_candidates=20), cache)
    state = await match.enroll(Reference(high.samples, high.rate, language="en"))
    await match.aclose()
    await espeak.aclose()
    assert state.notes["base_voice"] == "espeak-en-gb"


@pytest.mark.parametrize("damage", ["cut", "text", "gone"])
async def test_a_damaged_cache_is_made_anew(
    espeak: EspeakBackend, tmp_path: Path, low: Reference, damage: str
) -> None:
    states = []
    for _ in range(2):
        match = MatchBackend(espeak, MatchSettings(most_candidates=1), tmp_path)
        states.append(await match.enroll(low))
        await match.aclose()
        (file,) = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
        data = await asyncio.to_thread(file.read_bytes)
        if damage == "gone":
            await asyncio.to_thread(file.unlink)
        else:
            await asyncio.to_thread(file.write_bytes, data[:100] if damage == "cut" else b"no")
    assert states[0].notes == states[1].notes


async def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    espeak: EspeakBackend, tmp_path: Path, low: Reference
) -> None:
    file = tmp_path / "a file, no folder"
    await asyncio.to_thread(file.write_text, "")
    match = MatchBackend(espeak, MatchSettings(most_candidates=1), file / "cache")
    assert (await match.enroll(low)).tensors
    await match.aclose()


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


async def test_the_revision_changes_with_the_base_and_the_settings(espeak: EspeakBackend) -> None:
    backends = [
        MatchBackend(espeak, MatchSettings()),
        MatchBackend(espeak, MatchSettings(strength=0.5)),
        MatchBackend(ScriptedBackend(), MatchSettings()),
    ]
    revisions = {backend.revision for backend in backends}
    for backend in backends:
        await backend.aclose()
    assert len(revisions) == 3
