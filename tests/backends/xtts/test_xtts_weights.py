"""With which weights XTTS speaks, and where."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from wyoming_voiceclone.backends import Folders  # noqa: E402
from wyoming_voiceclone.backends.weights import RECEIPT, weights_folder  # noqa: E402
from wyoming_voiceclone.backends.xtts import ENGINE, WEIGHTS, XttsSettings  # noqa: E402
from wyoming_voiceclone.errors import BackendUnavailable  # noqa: E402

pytestmark = pytest.mark.timeout(180)

CLARIBEL = "xtts-claribel-dervla"


async def test_the_installed_weights_are_spoken_with(tmp_path: Path, folder: Path) -> None:
    where = folders(tmp_path)
    with pytest.raises(BackendUnavailable, match="wyoming-voiceclone engines install xtts"):
        await made(XttsSettings(), where)
    installed = weights_folder(WEIGHTS, where)
    await asyncio.to_thread(shutil.copytree, folder, installed, copy_function=os.link)
    receipt = json.dumps({"commit": WEIGHTS.revision, "files": {}})
    await asyncio.to_thread((installed / RECEIPT).write_text, receipt)
    backend = await made(XttsSettings(), where)
    assert WEIGHTS.revision[:12] in backend.revision
    assert CLARIBEL in [voice.name for voice in backend.capabilities().voices]
    await backend.aclose()


async def test_a_folder_without_a_file_is_told(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "config.json").write_text, "{}")
    settings = XttsSettings(model=str(tmp_path))
    with pytest.raises(BackendUnavailable, match=r"has no model\.pth"):
        await made(settings, folders(tmp_path))


async def test_states_belong_to_the_weights_that_they_were_made_with(
    tmp_path: Path, folder: Path
) -> None:
    copy = tmp_path / "mine"
    await asyncio.to_thread(shutil.copytree, folder, copy)
    backends = [await made(XttsSettings(model=str(folder)), folders(tmp_path))]
    for time_s in (None, 1):
        if time_s:
            os.utime(copy / "model.pth", (time_s, time_s))
        backends.append(await made(XttsSettings(model=str(copy)), folders(tmp_path)))
    same, moved, changed = [backend.revision for backend in backends]
    assert same == moved != changed
    for backend in backends:
        await backend.aclose()


async def made(settings: XttsSettings, where: Folders) -> Any:
    return await asyncio.to_thread(ENGINE.make, settings, where)


def folders(path: Path) -> Folders:
    return Folders(path / "voices", path / "data", path / "cache")


async def test_a_gpu_that_is_not_there_is_told(folder: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    settings = XttsSettings(model=str(folder), device="cuda")
    backend = await made(settings, folders(folder))
    with pytest.raises(BackendUnavailable, match=r"torch .* sees no GPU cuda"):
        await backend.warm(())
    await backend.aclose()
