"""`voice.toml`: what a person says about one of their voices."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from wyoming_voiceclone.errors import BadRequest, ConfigError
from wyoming_voiceclone.tables.mistakes import Source, sentences
from wyoming_voiceclone.tables.schema import Schema
from wyoming_voiceclone.tables.writing import Style, table
from wyoming_voiceclone.voices.names import checked_name

_BCP_47 = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LARGEST = 65_536


def _tag(language: str) -> str:
    tag = language.replace("_", "-")
    if not _BCP_47.fullmatch(tag):
        raise ValueError("should be a language such as de or en-GB")
    return tag


def _name(name: str) -> str:
    try:
        return checked_name(name)
    except BadRequest as error:
        raise ValueError(str(error)) from None


Language = Annotated[str, AfterValidator(_tag)]
Name = Annotated[str, AfterValidator(_name)]


class VoiceToml(BaseModel):
    """Everything may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    description: str = Field(default="", max_length=200)
    """What people see in the list; "" is the voice's name."""
    languages: tuple[Language, ...] = Field(default=(), max_length=50)
    """The languages it is offered in, first the recording's own; left out: all its engines'."""
    engines: tuple[str, ...] = Field(default=(), max_length=20)
    """Who may speak as it, in this order; left out: every engine that clones."""
    fallback: str | None = Field(default=None, min_length=1, max_length=200)
    """The voice that speaks when none of them can; left out: one of the same language."""
    aliases: tuple[Name, ...] = Field(default=(), max_length=20)
    """Other names that it answers to."""
    speed: float = Field(default=1.0, ge=0.25, le=4)
    """2.0 is twice as fast."""
    settings: Mapping[str, Mapping[str, str | int | float | bool]] = {}
    """Settings of its engines: [settings.pocket-tts] with temperature = 0.6."""


_SCHEMA = Schema.of(VoiceToml)


def new_voice_toml(**given: Any) -> VoiceToml:
    """What was given on the command line; what is empty was not. Raises ConfigError."""
    values = {key: value for key, value in given.items() if value}
    try:
        return VoiceToml.model_validate(values)
    except ValidationError as error:
        sources = [Source("command line", values, bracketed=False)]
        raise ConfigError("\n".join(sentences(error, sources, _SCHEMA))) from None


def read_voice_toml(path: Path) -> VoiceToml:
    """The file, or the defaults where there is none. Raises ConfigError with every mistake."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return VoiceToml()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}) — see who owns it") from error
    if len(text) > _LARGEST:
        raise ConfigError(f"{path}: more than {_LARGEST // 1024} kB — is this the right file?")
    try:
        values = tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    return _validated(path, values)


def _validated(path: Path, values: Mapping[str, Any]) -> VoiceToml:
    try:
        return VoiceToml.model_validate(values)
    except ValidationError as error:
        sources = [Source(str(path), values, bracketed=False)]
        raise ConfigError("\n".join(sentences(error, sources, _SCHEMA))) from None


def voice_toml_text(about: VoiceToml) -> str:
    """The file: every key explained, those that were not given switched off."""
    style = Style(explained=True, is_off=lambda path: path[0] not in about.model_fields_set)
    return "\n".join(table(about.model_dump(mode="json"), _SCHEMA, style)) + "\n"
