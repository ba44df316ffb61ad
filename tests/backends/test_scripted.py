"""The scripted backend keeps the contract it is there to test."""

import pytest

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.testing.conformance import check_backend, speak


async def test_it_keeps_the_contract() -> None:
    async def make() -> ScriptedBackend:
        return ScriptedBackend()

    await check_backend(make)


async def test_it_refuses_before_the_first_chunk() -> None:
    backend = ScriptedBackend(refuse="two")
    await speak(backend, SynthesisRequest("one", "ada"))
    with pytest.raises(BackendUnavailable):
        await backend.synthesize(SynthesisRequest("two", "ada"))


async def test_it_dies_in_the_middle() -> None:
    backend = ScriptedBackend(die="two")
    async with await backend.synthesize(SynthesisRequest("one two three four", "ada")) as stream:
        await anext(stream)
        await anext(stream)
        with pytest.raises(BackendError):
            await anext(stream)


async def test_it_counts_who_is_still_speaking() -> None:
    backend = ScriptedBackend()
    stream = await backend.synthesize(SynthesisRequest("one two three", "ada"))
    assert backend.speaking == 1
    await stream.aclose()
    assert backend.speaking == 0
