"""Files of a model are data: what else may be in them is not run."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from wyoming_voiceclone.backends import SynthesisRequest  # noqa: E402
from wyoming_voiceclone.backends.xtts.checkpoint import unpickled, weights_in  # noqa: E402
from wyoming_voiceclone.backends.xtts.library import library, load_model  # noqa: E402
from wyoming_voiceclone.errors import BackendUnavailable  # noqa: E402

pytestmark = pytest.mark.timeout(180)


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, (f"open({str(self.mark)!r}, 'w')",)


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """A model of which files can be replaced."""
    where = tmp_path / "model"
    shutil.copytree(folder, where, copy_function=os.link)
    return where


def replaced(path: Path, data: object) -> None:
    path.unlink()
    torch.save(data, path)


async def test_a_program_in_the_weights_is_not_run(make: Any, copied: Path, tmp_path: Path) -> None:
    replaced(copied / "model.pth", {"model": {}, "config": Evil(tmp_path / "ran")})
    backend = await make(copied)
    voice = backend.capabilities().voices[0].name
    for attempt in (backend.warm(()), backend.synthesize(SynthesisRequest("Hello.", voice))):
        with pytest.raises(BackendUnavailable, match=r"model\.pth was not loaded.*exec"):
            await attempt
    assert not (tmp_path / "ran").exists()


async def test_a_program_in_the_speakers_is_not_run(
    make: Any, copied: Path, tmp_path: Path
) -> None:
    replaced(copied / "speakers_xtts.pth", {"Eve": Evil(tmp_path / "ran")})
    with pytest.raises(BackendUnavailable, match=r"speakers_xtts\.pth was not loaded"):
        await make(copied)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("data", [["Eve"], {"Eve": 3}, {"Eve": {"gpt_cond_latent": "no tensor"}}])
async def test_speakers_that_are_none_are_told(make: Any, copied: Path, data: object) -> None:
    replaced(copied / "speakers_xtts.pth", data)
    with pytest.raises(BackendUnavailable, match=r"speakers_xtts\.pth holds no speakers"):
        await make(copied)


def test_the_published_checkpoint_with_its_configuration_is_read_and_left_as_it_is(
    copied: Path,
) -> None:
    parts, path = library(), copied / "model.pth"
    config = parts.XttsConfig()
    config.datasets = [parts.BaseDatasetConfig()]
    weights = unpickled(path)["model"]
    with parts._legacy_safe_globals():  # under the names that the classes had then
        replaced(path, {"model": weights, "config": config})
    assert b"TTS.tts.models.xtts" in path.read_bytes()
    before = path.stat().st_mtime_ns
    assert load_model(copied, "cpu").device.type == "cpu"
    assert path.stat().st_mtime_ns == before


def test_a_fine_tuned_checkpoint_is_read(copied: Path) -> None:
    weights = unpickled(copied / "model.pth")["model"]
    tuned = {f"xtts.{name}": weight for name, weight in weights.items()}
    tuned |= {"xtts.dvae.codebook": torch.zeros(1), "dvae.decoder": torch.zeros(1)}
    replaced(copied / "model.pth", {"model": tuned, "step": 7})
    assert weights_in(copied / "model.pth").keys() == weights.keys()


def test_a_checkpoint_of_a_model_that_had_spoken_is_read(copied: Path, model: Any) -> None:
    from wyoming_voiceclone.backends.xtts.seat import Seat  # noqa: PLC0415

    weights = unpickled(copied / "model.pth")["model"]
    spoken = {**weights, **{f"gpt.{n}": w for n, w in Seat(model)._gpt.state_dict().items()}}
    assert any("gpt_inference" in name for name in spoken)
    replaced(copied / "model.pth", {"model": spoken})
    assert weights_in(copied / "model.pth").keys() == weights.keys()


@pytest.mark.parametrize("data", [[1, 2], {"weights": {}}, {"model": 3}])
def test_another_file_is_no_model(tmp_path: Path, data: object) -> None:
    torch.save(data, tmp_path / "model.pth")
    with pytest.raises(BackendUnavailable, match="holds no model"):
        weights_in(tmp_path / "model.pth")


@pytest.mark.parametrize("size", [0, 100, 50_000_000])
async def test_half_a_file_is_told(make: Any, copied: Path, size: int) -> None:
    path = copied / "model.pth"
    data = await asyncio.to_thread(path.read_bytes)
    path.unlink()
    await asyncio.to_thread(path.write_bytes, data[:size])
    with pytest.raises(BackendUnavailable, match=r"model\.pth"):
        await (await make(copied)).warm(())


async def test_weights_of_another_shape_are_told(make: Any, copied: Path) -> None:
    saved = await asyncio.to_thread(unpickled, copied / "model.pth")
    weights = {**saved["model"], "gpt.mel_head.bias": torch.zeros(3)}
    await asyncio.to_thread(replaced, copied / "model.pth", {"model": weights})
    with pytest.raises(BackendUnavailable, match="xtts cannot be loaded"):
        await (await make(copied)).warm(())
