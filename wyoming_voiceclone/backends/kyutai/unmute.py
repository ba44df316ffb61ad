"""Unmute's voices.yaml: which voices it names, and by which names."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from wyoming_voiceclone.backends.kyutai.catalogue import PredefinedVoice
from wyoming_voiceclone.errors import ConfigError

_MOST_BYTES = 1 << 20
"""The published file has 4 kB."""
_LANGUAGES = {"en": "en-US", "fr": "fr-FR"}


class _Source(BaseModel):
    path_on_server: str = Field(min_length=1)
    description: str = ""


class _Instructions(BaseModel):
    language: str = "en"


class _Entry(BaseModel):
    """What is needed of a voice; everything else in the file is for Unmute."""

    source: _Source
    name: str = ""
    comment: str = ""
    good: bool | None = None
    instructions: _Instructions = _Instructions()


def read_unmute_voices(file: Path) -> tuple[PredefinedVoice, ...]:
    """The voices of a voices.yaml, without those marked as not good. Blocks.

    Raises ConfigError, with the entry that is wrong.
    """
    voices: dict[str, PredefinedVoice] = {}
    for place, entry in _entries(file):
        voice = _voice(entry, place)
        if entry.good is False:
            continue
        if voice.name in voices:
            raise ConfigError(f"{place}: two voices are called {voice.name} — rename one")
        voices[voice.name] = voice
    if not voices:
        raise ConfigError(f"{file}: it names no voice — use the voices.yaml of Unmute")
    return tuple(voices.values())


def _entries(file: Path) -> Iterator[tuple[str, _Entry]]:
    document = _document(file)
    if not isinstance(document, list):
        raise ConfigError(f"{file}: it is not a list of voices — use the voices.yaml of Unmute")
    for number, raw in enumerate(document, 1):
        place = f"{file}: voice {number}"
        try:
            yield place, _Entry.model_validate(raw)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"])) or "the entry"
            raise ConfigError(f"{place}: {key}: {first['msg']} — compare Unmute's own") from None


def _document(file: Path) -> Any:
    # slow, and seldom needed; it comes with huggingface-hub
    import yaml  # type: ignore[import-untyped, unused-ignore] # noqa: PLC0415

    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{file}: more than 1 MB — use the voices.yaml of Unmute")
        return yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        fact = f"cannot be read ({error.strerror})"
        raise ConfigError(f"{file}: {fact} — put right unmute_voices in [engines.kyutai]") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        fact = " ".join(str(error).split())
        raise ConfigError(f"{file}: it is not YAML ({fact}) — download it again") from None


def _voice(entry: _Entry, place: str) -> PredefinedVoice:
    path = PurePosixPath(entry.source.path_on_server)
    if path.is_absolute() or ".." in path.parts or "\\" in str(path) or "\0" in str(path):
        raise ConfigError(
            f"{place}: path_on_server leads elsewhere — give a path in the repository"
        )
    language = _LANGUAGES.get(entry.instructions.language, entry.instructions.language)
    if path.name.startswith("degaulle"):  # he speaks French, whatever he is asked in
        language = _LANGUAGES["fr"]
    description = entry.comment or entry.source.description
    return PredefinedVoice(entry.name or path.stem, language, str(path), description)
