"""The catalogue of Piper's voices: what can be downloaded, as the hub's `voices.json` tells it."""

import json
import logging
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from wyoming_voiceclone.backends.piper.voice_config import bcp_47, language_name
from wyoming_voiceclone.errors import DownloadError
from wyoming_voiceclone.hub.client import Hub
from wyoming_voiceclone.hub.files import Checksum, RemoteFile

_LOG = logging.getLogger(__name__)

_INDEX = "voices.json"
_INDEX_BYTES = 16_000_000  # the real one has 300 000
_MODEL_BYTES = 2_000_000_000
_NAME = re.compile(r"\w[\w.+-]*")  # `pt_PT-tugão-medium` too; never a path


@dataclass(frozen=True, slots=True)
class CatalogueVoice:
    """A voice that can be downloaded."""

    name: str
    language: str
    """BCP-47."""
    language_name: str
    quality: str
    dataset: str
    speakers: int
    files: tuple[RemoteFile, ...]
    """`<name>.onnx`, `<name>.onnx.json` and, as a rule, MODEL_CARD with the voice's licence."""
    aliases: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Catalogue:
    voices: Mapping[str, CatalogueVoice]
    commit: str
    """The state of the repository that sizes and checksums are of."""
    fetched_at: float
    """Seconds since 1970."""

    def find(self, name: str) -> CatalogueVoice | None:
        """The voice called `name` now, or formerly."""
        if name in self.voices:
            return self.voices[name]
        return next((voice for voice in self.voices.values() if name in voice.aliases), None)


async def fetch_catalogue(hub: Hub) -> tuple[Catalogue, bytes]:
    """Today's catalogue, and what `save_catalogue` keeps. Raises DownloadError."""
    index, commit = await hub.read(_INDEX, limit=_INDEX_BYTES)
    catalogue = Catalogue(_parse(index, hub.repository), commit, time.time())
    kept = {"commit": commit, "fetched_at": catalogue.fetched_at, "index": json.loads(index)}
    return catalogue, json.dumps(kept).encode()


def save_catalogue(kept: bytes, path: Path) -> None:
    """Keep for the days without a network. Blocks; a disk that takes nothing only logs."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(kept)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        _LOG.warning("%s: the catalogue is not kept (%s) — allow writing there", path, error)


def load_catalogue(path: Path) -> Catalogue | None:
    """The catalogue on disk, if there is a usable one. Blocks."""
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(2 * _INDEX_BYTES))
        return Catalogue(
            _parse(json.dumps(kept["index"]).encode(), path.name),
            str(kept["commit"]),
            float(kept["fetched_at"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError, DownloadError) as error:
        _LOG.debug("%s: unusable (%s); it is fetched again", path, error)
        return None


class _File(BaseModel):
    size_bytes: int = Field(ge=0, le=_MODEL_BYTES)
    md5_digest: str = Field(pattern=r"^[0-9a-f]{32}$")


class _Language(BaseModel):
    code: str = Field(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8})*$")
    name_english: str = ""
    country_english: str = ""


class _Entry(BaseModel):
    name: str
    language: _Language
    quality: str = ""
    num_speakers: int = Field(default=1, ge=1)
    files: dict[str, _File]
    aliases: list[str] = []


def _parse(index: bytes, source: str) -> dict[str, CatalogueVoice]:
    """Everything usable; what is not only costs a line in the log."""
    try:
        entries = TypeAdapter(dict[str, Any]).validate_json(index)
    except ValidationError as error:
        raise DownloadError(
            f"{source}: {_INDEX} is no catalogue — check repository and endpoint"
        ) from error
    voices = {}
    for name, entry in entries.items():
        try:
            voices[name] = _voice(name, _Entry.model_validate(entry))
        except ValueError as error:
            _LOG.debug("%s: %s: voice %r is left out: %s", source, _INDEX, name, error)
    return voices


def _voice(name: str, entry: _Entry) -> CatalogueVoice:
    if not _NAME.fullmatch(name):
        raise ValueError("no name for a file")
    language = entry.language
    return CatalogueVoice(
        name=name,
        language=bcp_47(language.code),
        language_name=language_name(language.name_english, language.country_english),
        quality=entry.quality,
        dataset=entry.name,
        speakers=entry.num_speakers,
        files=tuple(_files(name, entry.files)),
        aliases=tuple(entry.aliases),
    )


def _files(name: str, files: Mapping[str, _File]) -> list[RemoteFile]:
    """Only those whose names are known beforehand: the catalogue chooses no file names."""
    by_name = {PurePosixPath(path).name: path for path in files}
    wanted = [f"{name}.onnx", f"{name}.onnx.json", "MODEL_CARD"]
    found = [
        _remote(by_name[each], files[by_name[each]])
        for each in wanted
        if each in by_name and ".." not in PurePosixPath(by_name[each]).parts
    ]
    if [PurePosixPath(file.path).name for file in found[:2]] != wanted[:2]:
        raise ValueError("no model and config")
    return found


def _remote(path: str, file: _File) -> RemoteFile:
    return RemoteFile(path, file.size_bytes, Checksum("md5", file.md5_digest))
