"""Voices in memory: loaded once, as many as fit, never one too few for those who speak."""

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dropped_voices import TEXT, drop, make

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.loaded_voices import LoadedVoices
from wyoming_voiceclone.backends.piper.voice_config import VoiceFile
from wyoming_voiceclone.backends.piper.voice_files import find_voice_files
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.testing.conformance import speak


class Loader:
    """Loads true voices and remembers which."""

    def __init__(self, cache: Path) -> None:
        self.loaded: list[str] = []
        self._cache = cache

    def __call__(self, file: VoiceFile) -> LoadedVoice:
        self.loaded.append(file.name)
        return LoadedVoice.load(file.model, file.config, cache=self._cache, threads=1)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, VoiceFile]:
    for name in ("a", "b", "c"):
        drop(tmp_path / "voices", "random-tiny", name)
    return find_voice_files([tmp_path / "voices"])


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cut")


@pytest.fixture
def load(cut: Path) -> Loader:
    return Loader(cut)


async def size_of(file: VoiceFile, load: Loader) -> int:
    voices = LoadedVoices(load, 10**9)
    async with voices.using(file) as voice:
        size = voice.memory_bytes
    await voices.aclose()
    load.loaded.clear()
    return size


async def use(voices: LoadedVoices, *files: VoiceFile) -> None:
    for file in files:
        async with voices.using(file):
            pass


async def test_a_voice_asked_for_by_many_at_once_is_loaded_once(
    files: dict[str, VoiceFile], load: Loader
) -> None:
    voices = LoadedVoices(load, 10**9)
    await asyncio.gather(*(use(voices, files["a"]) for _ in range(8)))
    await use(voices, files["a"])
    assert load.loaded == ["a"]
    await voices.aclose()


async def test_the_voice_not_used_for_longest_goes_first(
    files: dict[str, VoiceFile], load: Loader
) -> None:
    size = await size_of(files["a"], load)
    voices = LoadedVoices(load, round(2.5 * size))
    await use(voices, files["a"], files["b"], files["a"], files["c"])
    assert voices.names == ["a", "c"]
    await use(voices, files["a"])
    assert load.loaded == ["a", "b", "c"]
    await voices.aclose()


async def test_a_voice_being_used_stays_whatever_the_limit(
    files: dict[str, VoiceFile], load: Loader
) -> None:
    voices = LoadedVoices(load, 1)
    async with voices.using(files["a"]):
        await use(voices, files["b"], files["c"])
        assert voices.names == ["a"]
    assert voices.names == []
    await voices.aclose()


async def test_somebody_who_gives_up_waiting_takes_the_voice_from_nobody(
    files: dict[str, VoiceFile], load: Loader
) -> None:
    voices = LoadedVoices(load, 10**9)
    first, second = (asyncio.create_task(use(voices, files["a"])) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert load.loaded == ["a"]
    await voices.aclose()


async def test_whoever_loses_patience_is_refused_and_the_next_one_is_served(
    files: dict[str, VoiceFile], load: Loader
) -> None:
    voices = LoadedVoices(load, 10**9)
    with pytest.raises(BackendUnavailable, match="a is still being loaded"):
        async with voices.using(files["a"], patience_s=0):
            pass
    await use(voices, files["a"])
    assert load.loaded == ["a"]
    await voices.aclose()


async def test_a_failure_is_everybodys_who_waits_and_tried_anew_after_a_while(
    files: dict[str, VoiceFile], load: Loader
) -> None:
    await asyncio.to_thread(files["a"].model.write_bytes, b"broken")
    voices = LoadedVoices(load, 10**9, retry_s=0.3)
    tasks = [use(voices, files["a"]) for _ in range(3)]
    failures = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(failure, BackendUnavailable) for failure in failures)
    with pytest.raises(BackendUnavailable):
        await use(voices, files["a"])
    assert load.loaded == ["a"]
    await asyncio.sleep(0.4)
    with pytest.raises(BackendUnavailable):
        await use(voices, files["a"])
    assert load.loaded == ["a", "a"]
    await voices.aclose()


async def test_a_stream_keeps_its_voice_until_it_is_closed(
    files: dict[str, VoiceFile], tmp_path: Path
) -> None:
    folders = Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")
    backend = await make(folders, memory_limit_mb=50)
    assert set(files) == {voice.name for voice in backend.capabilities().voices}
    stream = await backend.synthesize(SynthesisRequest(TEXT * 5, "a"))
    await anext(stream)
    await stream.aclose()
    heard = await asyncio.gather(
        *(speak(backend, SynthesisRequest(TEXT, name, seed=1)) for name in "abcabc")
    )
    assert all(np.array_equal(heard[i][1], heard[i + 3][1]) for i in range(3))
    await backend.aclose()
    with pytest.raises(BackendUnavailable, match="closed"):
        await backend.synthesize(SynthesisRequest(TEXT, "a"))


def test_knowing_the_engines_loads_none_of_their_libraries() -> None:
    script = (
        "import sys; from wyoming_voiceclone.backends.engine import installed_engines;"
        "found = installed_engines(); assert {'piper', 'espeak'} <= set(found), found;"
        "heavy = {'onnxruntime', 'onnx', 'piper', 'espeakng_loader', 'huggingface_hub', 'numpy.fft'"
        ", 'httpx2', 'tqdm'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)  # noqa: S603
