"""Who speaks, and how: a request over the voice's settings over the engine's over its config's."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from wyoming_voiceclone.backends.backend import Setting, SynthesisRequest
from wyoming_voiceclone.backends.piper.sentence import Sentence
from wyoming_voiceclone.backends.piper.settings import PiperSettings, PiperVoiceSettings
from wyoming_voiceclone.backends.piper.voice_config import VoiceFile
from wyoming_voiceclone.errors import BackendUnavailable, BadRequest

_SHORTEST, _LONGEST = 0.05, 20.0  # scales of length at which some sound is still made


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is meant by a name that a client sent."""

    file: VoiceFile
    speaker: int | None
    """None when the name tells none."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice speaks when nobody asks for anything."""

    speaker: int
    length_scale: float
    noise_scale: float
    noise_w_scale: float


def find(name: str, files: Mapping[str, VoiceFile]) -> Asked | None:
    """`en_GB-vctk-medium`, `en_GB-vctk-medium#p239`, `en_GB-vctk-medium#17`."""
    if name in files:
        return Asked(files[name], None)
    voice, mark, speaker = name.rpartition("#")
    if not mark or voice not in files:
        return None
    number = speaker_number(files[voice], speaker)
    return None if number is None else Asked(files[voice], number)


def speaker_number(file: VoiceFile, speaker: str | int) -> int | None:
    """The number of a speaker called by name or number; None when there is no such speaker."""
    if str(speaker) in file.speakers:
        return file.speakers[str(speaker)]
    numbers = {str(number): number for number in file.speakers.values()} or {"0": 0}
    return numbers.get(str(speaker))


def manner_of(file: VoiceFile, settings: PiperSettings) -> Manner:
    """Raises BackendUnavailable when the settings name a speaker that the voice has not."""
    own = settings.voices.get(file.name, PiperVoiceSettings())
    speaker = file.default_speaker if own.speaker is None else speaker_number(file, own.speaker)
    if speaker is None:
        raise BackendUnavailable(
            f"{file.name} has no speaker {own.speaker} — correct "
            f"[engines.piper.voices.{file.name}] speaker in config.toml"
        )
    return Manner(
        speaker,
        _first(own.length_scale, settings.length_scale, file.length_scale),
        _first(own.noise_scale, settings.noise_scale, file.noise_scale),
        _first(own.noise_w_scale, settings.noise_w_scale, file.noise_w_scale),
    )


def manner_digest(file: VoiceFile, settings: PiperSettings) -> str:
    """Changes with everything in the settings that changes how the voice sounds."""
    own = settings.voices.get(file.name, PiperVoiceSettings())
    general = settings.length_scale, settings.noise_scale, settings.noise_w_scale
    return hashlib.sha256(repr((own, general)).encode()).hexdigest()[:8]


def sentence_for(request: SynthesisRequest, asked: Asked, settings: PiperSettings) -> Sentence:
    """Raises BadRequest when what is asked for cannot be; other engines' settings are ignored."""
    if not 0 < request.speed < float("inf"):
        raise BadRequest(f"speed: {request.speed} — use a number from 0.25 to 4")
    own = _requested(request.settings)
    manner = manner_of(asked.file, settings)
    length_scale = _first(own.length_scale, manner.length_scale) / request.speed
    return Sentence(
        request.text,
        speaker=_speaker(asked, own, manner),
        length_scale=min(max(length_scale, _SHORTEST), _LONGEST),
        noise_scale=_first(own.noise_scale, manner.noise_scale),
        noise_w_scale=_first(own.noise_w_scale, manner.noise_w_scale),
        seed=request.seed,
    )


def _speaker(asked: Asked, own: PiperVoiceSettings, manner: Manner) -> int:
    if asked.speaker is not None:
        return asked.speaker
    if own.speaker is None:
        return manner.speaker
    if (speaker := speaker_number(asked.file, own.speaker)) is None:
        raise BadRequest(f"{asked.file.name} has no speaker {own.speaker} — see its .onnx.json")
    return speaker


def _requested(settings: Mapping[str, Setting]) -> PiperVoiceSettings:
    ours = {name: settings[name] for name in PiperVoiceSettings.model_fields if name in settings}
    try:
        return PiperVoiceSettings.model_validate(ours)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRequest(f"{first['loc'][0]}: {first['input']} — {first['msg']}") from error


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)
