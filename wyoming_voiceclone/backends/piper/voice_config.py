"""The config of a Piper voice: what it must hold, and what of it is of interest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

_CONFIG_BYTES = 1_000_000  # the largest known, of 904 speakers, has 21 000
_TAG = r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8})*$"


class BrokenConfig(Exception):
    """A config that no voice can be read from; the message is for people."""


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """A voice that can be loaded."""

    name: str
    model: Path
    config: Path
    size: int
    """Bytes of the model."""
    language: str
    """BCP-47: `en-US`."""
    language_name: str
    """`English (United States)`."""
    rate: int
    speakers: Mapping[str, int]
    """Number by name; empty when there is only one."""
    default_speaker: int
    quality: str
    dataset: str
    length_scale: float
    noise_scale: float
    noise_w_scale: float
    revision: str
    """Changes with the content."""


class _Audio(BaseModel):
    sample_rate: int = Field(ge=8_000, le=48_000)
    quality: str = ""


class _Espeak(BaseModel):
    voice: str = Field(default="en", pattern=_TAG)


class _Language(BaseModel):
    code: str = Field(pattern=_TAG)
    name_english: str = ""
    country_english: str = ""


class _Inference(BaseModel):
    noise_scale: float = Field(default=0.667, ge=0, le=10)
    length_scale: float = Field(default=1.0, gt=0, le=10)
    noise_w: float = Field(default=0.8, ge=0, le=10)


class _Config(BaseModel):
    """What of a voice's config is of interest here."""

    audio: _Audio
    num_symbols: int = Field(ge=1)
    phoneme_id_map: dict[str, list[int]] = Field(min_length=1)
    espeak: _Espeak = _Espeak()
    language: _Language | None = None
    inference: _Inference = _Inference()
    dataset: str | None = None
    num_speakers: int = Field(default=1, ge=1, le=100_000)
    speaker_id_map: dict[str, int] = {}
    default_speaker_id: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _speakers_exist(self) -> "_Config":
        numbers = {**self.speaker_id_map, "default_speaker_id": self.default_speaker_id}
        for name, number in numbers.items():
            if not 0 <= number < self.num_speakers:
                raise ValueError(f"speaker {name} has number {number} of {self.num_speakers}")
        return self

    def spoken(self) -> _Language:
        """Old and home-made configs tell no language but espeak-ng's."""
        return self.language or _Language(code=self.espeak.voice.split("-x-")[0])

    def speakers(self) -> dict[str, int]:
        if self.num_speakers == 1:
            return {}
        by_number = sorted(self.speaker_id_map.items(), key=lambda item: item[1])
        return dict(by_number) or {str(number): number for number in range(self.num_speakers)}


def bcp_47(code: str) -> str:
    """`en_US` is `en-US`, `en-us` too."""
    parts = code.replace("_", "-").split("-")
    return "-".join([parts[0].lower(), *(p.upper() if len(p) == 2 else p for p in parts[1:])])


def language_name(english: str, country: str) -> str:
    return f"{english} ({country})" if english and country else english


def read_voice(model: Path, config: Path, *, size: int, revision: str) -> VoiceFile:
    """Read `config`. Raises BrokenConfig, or FileNotFoundError when there is none. Blocks."""
    read = _read_config(config)
    name = model.stem
    language = read.spoken()
    return VoiceFile(
        name=name,
        model=model,
        config=config,
        size=size,
        language=bcp_47(language.code),
        language_name=language_name(language.name_english, language.country_english),
        rate=read.audio.sample_rate,
        speakers=MappingProxyType(read.speakers()),
        default_speaker=read.default_speaker_id,
        quality=read.audio.quality,
        dataset=read.dataset or name,
        length_scale=read.inference.length_scale,
        noise_scale=read.inference.noise_scale,
        noise_w_scale=read.inference.noise_w,
        revision=revision,
    )


def _read_config(config: Path) -> _Config:
    remedy = "get the voice's .onnx.json again, or remove the voice"
    try:
        with config.open("rb") as file:
            text = file.read(_CONFIG_BYTES + 1)
        if len(text) > _CONFIG_BYTES:
            raise BrokenConfig(
                f"{config}: larger than {_CONFIG_BYTES} bytes, no voice's config — {remedy}"
            )
        return _Config.model_validate(json.loads(text))
    except FileNotFoundError:
        raise
    except ValidationError as error:
        raise BrokenConfig(f"{config}: {_first(error)} — {remedy}") from error
    except OSError as error:
        raise BrokenConfig(f"{config}: cannot be read ({error.strerror}) — allow it") from error
    except (ValueError, RecursionError) as error:
        raise BrokenConfig(f"{config}: is not JSON ({type(error).__name__}) — {remedy}") from error


def _first(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'config'}: {first['msg']}"
