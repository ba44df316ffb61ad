"""Settings read from a file of one's own, with one engine: a music box."""

import os
from pathlib import Path
from typing import Any

import pytest

from wyoming_voiceclone.backends.backend import Backend
from wyoming_voiceclone.backends.engine import Engine, EngineSettings, Folders
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.config import Settings, read_settings
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.testing.scripted_engine import DECLARED


class BoxSettings(EngineSettings):
    """A music box."""

    tempo: int = 120
    """Beats per minute."""
    tune: str | None = None
    """What it plays."""


def _make(settings: BoxSettings, folders: Folders) -> Backend:
    del settings, folders
    return ScriptedBackend("box")


BOX = {"box": Engine("box", BoxSettings, _make, DECLARED)}


def read(
    toml: str = "",
    flags: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    file = None
    if folder is not None:
        file = folder / "config.toml"
        file.write_text(toml, "utf-8")
    return read_settings(flags, file, environment=environment or {"_": ""}, engines=BOX)


def mistakes(toml: str, folder: Path, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(toml, environment=environment, folder=folder)
    return str(caught.value).replace(f"{folder}{os.sep}", "").splitlines()


@pytest.fixture
def nobodys_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith(("XDG_", "WYOMING_VOICECLONE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
