"""A recording dropped into the voices folder, from the file to the loudspeaker."""

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest
from programs import Shell
from served import Served, serving

TEXT = (
    "The old boat lay on the beach for many years. Every morning a man came by with his dog, "
    "looked at the sea, and went home again. Nobody ever asked him why. One day he did not come, "
    "and the boat was gone."
)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Espeak, and Match over it."""
    shell = Shell(tmp_path)
    shell.environment["WYOMING_VOICECLONE_FOLDERS__VOICES"] = str(tmp_path / "voices")
    (tmp_path / "voices").mkdir()
    return shell


async def listed(served: Served, voice: str) -> None:
    """Return once a client sees the voice."""
    async with asyncio.timeout(20):
        while voice not in {v.name for p in (await served.home.info()).tts for v in p.voices}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the list changes on the other side of a socket


async def test_a_dropped_recording_is_listed_and_speaks_in_a_voice_of_its_own(
    shell: Shell, tmp_path: Path
) -> None:
    spoken = await asyncio.to_thread(
        shell.run, "say", TEXT, "--voice", "espeak-en-us", "-o", "recording.wav"
    )
    assert spoken.returncode == 0, spoken.stderr
    async with serving(shell) as served:
        shutil.copy(tmp_path / "recording.wav", tmp_path / "voices" / "grandpa.wav")
        await listed(served, "grandpa")
        await served.home.say("This is for learning.", voice="grandpa")
        own = await served.home.say("Dinner is ready.", voice="grandpa")
        base = await served.home.say("Dinner is ready.", voice="espeak-en-us")
    assert own.error is None
    assert own.seconds == pytest.approx(base.seconds, abs=1.0)
    length = min(len(own.samples), len(base.samples))
    assert not np.array_equal(own.samples[:length], base.samples[:length])
