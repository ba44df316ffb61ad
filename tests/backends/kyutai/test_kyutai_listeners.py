"""Who is spoken to by Kyutai TTS, as whom, and who is sent to the next engine."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("moshi", reason="moshi comes with the engines: script/test --engines")

from backends.failing_gpu import failing_gpu

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.kyutai import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.backend import KyutaiBackend
from wyoming_voiceclone.errors import BackendError, BackendUnavailable
from wyoming_voiceclone.testing.conformance import OTHER, SENTENCE, speak
from wyoming_voiceclone.voices import SpeakerState

pytestmark = pytest.mark.timeout(300)  # a busy machine takes its time

MakeSettings = Callable[..., KyutaiSettings]


async def test_a_state_that_says_it_is_somebody_else_speaks_as_itself(
    kyutai: KyutaiBackend,
) -> None:
    draws = np.random.default_rng(3)
    ours, theirs = [draws.normal(size=(1, 512, 125)).astype(np.float32) for _ in range(2)]

    async def heard(key: str, latents: Any) -> Chunk:
        state = SpeakerState(key * 64, {"speaker_wavs": latents})
        asked = SynthesisRequest(OTHER, "ada", "en", speaker_state=state, seed=4)
        return (await speak(kyutai, asked))[1]

    expected = await heard("1", theirs)
    mine = await heard("2", ours)
    assert np.array_equal(await heard("2", theirs), expected)
    assert not np.array_equal(mine, expected)


async def test_it_speaks_no_language_that_it_does_not_know(kyutai: KyutaiBackend) -> None:
    with pytest.raises(BackendUnavailable, match="speaks English and French, not de-DE"):
        await kyutai.synthesize(SynthesisRequest(OTHER, "kyutai-alba", "de-DE"))
    await (await kyutai.synthesize(SynthesisRequest(OTHER, "kyutai-alba", "FR-fr"))).aclose()


async def test_who_comes_while_all_are_spoken_to_is_refused_soon(
    make_settings: MakeSettings, folders: Folders
) -> None:
    settings = make_settings(patience_s=0.05)
    backend = await asyncio.to_thread(KyutaiBackend, settings, folders)
    try:
        async with await backend.synthesize(SynthesisRequest(SENTENCE, "kyutai-alba")):
            with pytest.raises(BackendUnavailable, match=r"kyutai is busy: .* 0\.05 s"):
                await backend.synthesize(SynthesisRequest(OTHER, "kyutai-alba"))
    finally:
        await backend.aclose()


async def test_a_gpu_that_fails_ends_the_process_and_is_not_touched_again(
    make_settings: MakeSettings, folders: Folders
) -> None:
    ended: list[bool] = []
    backend = await asyncio.to_thread(
        KyutaiBackend, make_settings(), folders, lambda: ended.append(True)
    )
    asked = SynthesisRequest(OTHER, "kyutai-alba")
    try:
        await backend.warm(())
        with failing_gpu(), pytest.raises(BackendError, match="kyutai: the GPU failed"):
            await speak(backend, asked)
        assert ended == [True]
        with pytest.raises(BackendUnavailable, match="it is started anew"):
            await backend.synthesize(asked)
    finally:
        await backend.aclose()
