"""Voices in folders, and a backend over them."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.piper import PiperSettings
from wyoming_voiceclone.backends.piper.backend import PiperBackend

FIXTURES = Path(__file__).parents[2] / "fixtures" / "voices"
TEXT = "The light is on."


def drop(folder: Path, fixture: str, name: str) -> Path:
    """Put a voice that can speak into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in (".onnx", ".onnx.json"):
        shutil.copyfile(FIXTURES / f"{fixture}{suffix}", folder / f"{name}{suffix}")
    return folder / f"{name}.onnx"


def folders_below(root: Path) -> Folders:
    """With the voices `ada` and `four`, who are four."""
    drop(root / "voices", "random-tiny", "ada")
    drop(root / "data" / "piper", "random-tiny-multi", "four")
    return Folders(root / "voices", root / "data", root / "cache")


async def make(folders: Folders, **settings: Any) -> PiperBackend:
    chosen: dict[str, Any] = {
        "download": False,
        "cores": 1,
        "load_patience_s": 30,
    }
    chosen |= settings
    return await asyncio.to_thread(PiperBackend, PiperSettings(**chosen), folders)


def names(backend: PiperBackend) -> list[str]:
    return [voice.name for voice in backend.capabilities().voices]


async def until(condition: Callable[[], object], timeout_s: float = 15) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 -- from outside there is only looking
            await asyncio.sleep(0.02)
