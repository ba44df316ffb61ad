"""PiperBackend: the voice that was meant, in the manner that was asked for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from dropped_voices import TEXT, drop, folders_below, make, names, until

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.piper.backend import PiperBackend
from wyoming_voiceclone.errors import BackendUnavailable, BadRequest
from wyoming_voiceclone.testing.conformance import check_backend, speak


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return folders_below(tmp_path)


@pytest_asyncio.fixture
async def piper(folders: Folders) -> AsyncIterator[PiperBackend]:
    backend = await make(folders)
    yield backend
    await backend.aclose()


@pytest.mark.parametrize("voice", ["ada", "four#speaker_2"])
async def test_it_keeps_the_contract_of_every_backend(folders: Folders, voice: str) -> None:
    await check_backend(lambda: make(folders), voice)


async def test_every_voice_and_every_speaker_is_offered(folders: Folders) -> None:
    backend = await make(folders)
    assert names(backend)[:3] == ["ada", "four", "four#speaker_0"]
    assert len(names(backend)) == 6
    assert backend.capabilities().voices[0].languages == ("en-US", "en")
    await backend.aclose()


@pytest.mark.parametrize(("offer", "count"), [("always", 6), ("never", 2), (3, 2), (4, 6)])
async def test_speakers_are_offered_as_the_settings_say(
    folders: Folders, offer: str | int, count: int
) -> None:
    backend = await make(folders, offer_speakers=offer)
    assert len(names(backend)) == count
    await backend.aclose()


async def test_speakers_sound_different_and_can_be_called_in_three_ways(
    piper: PiperBackend, folders: Folders
) -> None:
    def request(voice: str, **settings: Any) -> SynthesisRequest:
        return SynthesisRequest(TEXT, voice, seed=1, settings=settings)

    by_name = (await speak(piper, request("four#2")))[1]
    by_setting = (await speak(piper, request("four", speaker="2")))[1]
    by_number = (await speak(piper, request("four#speaker_2")))[1]
    first = (await speak(piper, request("four")))[1]
    assert np.array_equal(by_name, by_number)
    assert np.array_equal(by_name, by_setting)
    assert not np.array_equal(by_name, first)
    configured = await make(folders, voices={"four": {"speaker": 2}})
    assert np.array_equal(by_name, (await speak(configured, request("four")))[1])
    await configured.aclose()


async def test_a_request_goes_over_the_voice_over_the_engine(folders: Folders) -> None:
    async def samples(own: dict[str, float], **settings: Any) -> int:
        backend = await make(folders, **settings)
        quiet = {"noise_scale": 0.0, "noise_w_scale": 0.0}
        request = SynthesisRequest(TEXT, "ada", seed=1, settings=quiet | own)
        heard = len((await speak(backend, request))[1])
        await backend.aclose()
        return heard

    plain = await samples({})
    engine = {"length_scale": 2.0}
    voice = {"voices": {"ada": {"length_scale": 3.0}}}
    assert await samples({}, **engine) == pytest.approx(2 * plain, rel=0.3)
    assert await samples({}, **engine, **voice) == pytest.approx(3 * plain, rel=0.3)
    assert await samples({"length_scale": 1.0}, **engine, **voice) == plain


@pytest.mark.parametrize(
    ("request_", "fact"),
    [
        (SynthesisRequest(TEXT, "ada", speed=0), "speed"),
        (SynthesisRequest(TEXT, "ada", speed=float("nan")), "speed"),
        (SynthesisRequest(TEXT, "ada", settings={"noise_scale": 99}), "noise_scale"),
        (SynthesisRequest(TEXT, "ada", settings={"length_scale": "long"}), "length_scale"),
        (SynthesisRequest(TEXT, "four", settings={"speaker": "nobody"}), "nobody"),
    ],
)
async def test_a_request_that_cannot_be_is_refused(
    piper: PiperBackend, request_: SynthesisRequest, fact: str
) -> None:
    with pytest.raises(BadRequest, match=fact):
        await piper.synthesize(request_)


async def test_other_engines_settings_are_ignored(piper: PiperBackend) -> None:
    request = SynthesisRequest(TEXT, "ada", settings={"temperature": 0.7})
    assert len((await speak(piper, request))[1])


@pytest.mark.parametrize("name", ["nobody", "four#9", "four#", "ada#1", "#", "../ada"])
async def test_an_unknown_voice_is_named(piper: PiperBackend, name: str) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        await piper.synthesize(SynthesisRequest(TEXT, name))
    assert name in str(caught.value)


async def test_a_voice_dropped_into_a_folder_can_be_asked_for_at_once(
    piper: PiperBackend, folders: Folders
) -> None:
    await asyncio.to_thread(drop, folders.voices / "bella", "random-tiny", "bella")
    assert len((await speak(piper, SynthesisRequest(TEXT, "bella")))[1])
    assert "bella" in names(piper)


async def test_a_dropped_voice_appears_in_the_list_by_itself(
    piper: PiperBackend, folders: Folders
) -> None:
    await piper.warm()
    await asyncio.to_thread(drop, folders.voices / "bella", "random-tiny", "bella")
    await until(lambda: "bella" in names(piper))


async def test_the_revision_tells_when_a_voice_would_sound_different(folders: Folders) -> None:
    revisions = set()
    for settings in ({}, {"noise_scale": 0.1}, {"voices": {"ada": {"length_scale": 1.5}}}):
        backend = await make(folders, **settings)
        revisions.add(backend.capabilities().voices[0].revision)
        await backend.aclose()
    assert len(revisions) == 3


async def test_a_broken_model_is_unavailable_and_harms_nobody(
    piper: PiperBackend, folders: Folders
) -> None:
    model = await asyncio.to_thread(drop, folders.voices / "bad", "random-tiny", "bad")
    await asyncio.to_thread(model.write_bytes, b"not a model")
    for _ in range(2):
        with pytest.raises(BackendUnavailable, match="bad"):
            await piper.synthesize(SynthesisRequest(TEXT, "bad"))
    assert len((await speak(piper, SynthesisRequest(TEXT, "ada")))[1])


async def test_voices_are_loaded_before_anybody_asks(piper: PiperBackend) -> None:
    await piper.warm(["ada", "four"])
    loop = asyncio.get_running_loop()
    started = loop.time()
    for name in ("ada", "four"):
        await (await piper.synthesize(SynthesisRequest("Hi", name))).aclose()
    assert loop.time() - started < 0.5
    assert piper.loaded == ["ada", "four"]


async def test_a_wrong_speaker_in_the_settings_is_told_with_the_remedy(folders: Folders) -> None:
    backend = await make(folders, voices={"four": {"speaker": "eve"}})
    with pytest.raises(BackendUnavailable, match=r"eve.*config\.toml"):
        await backend.synthesize(SynthesisRequest(TEXT, "four"))
    await backend.aclose()
