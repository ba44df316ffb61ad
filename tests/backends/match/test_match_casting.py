"""Which voice is moved, and how what is known of it is kept."""

import asyncio
from pathlib import Path

import pytest

from wyoming_voiceclone.backends.espeak import EspeakSettings
from wyoming_voiceclone.backends.espeak.backend import EspeakBackend
from wyoming_voiceclone.backends.match import MatchSettings
from wyoming_voiceclone.backends.match.backend import MatchBackend
from wyoming_voiceclone.backends.match.casting import spread
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.voices import Reference, Voice


def test_candidates_are_spread_evenly_over_many_speakers() -> None:
    voices = [Voice(str(number), ("en",)) for number in range(100)]
    assert [voice.name for voice in spread(voices, 4)] == ["0", "25", "50", "75"]
    assert spread(voices[:3], 4) == voices[:3]


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
