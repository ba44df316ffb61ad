"""The test kit's cloner keeps to the contract that it proves for others."""

from wyoming_voiceclone.backends.scripted import ADA
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.testing.conformance import check_backend


async def test_it_is_a_backend_that_learns_voices() -> None:
    async def make() -> ScriptedCloner:
        return ScriptedCloner(voices=[ADA], enroll_s=0.02)

    await check_backend(make)
    await check_cloning(make)
