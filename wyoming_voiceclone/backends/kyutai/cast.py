"""The cast: which predefined voices can speak on this machine, and where their files lie."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.backends.kyutai.catalogue import CATALOGUE, PredefinedVoice
from wyoming_voiceclone.backends.kyutai.checkpoint import Checkpoint
from wyoming_voiceclone.backends.kyutai.published import (
    chosen_voices,
    named_voices,
    voice_file,
    voice_weights,
)
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings
from wyoming_voiceclone.backends.weights import fetched
from wyoming_voiceclone.voices import Voice

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cast:
    voices: tuple[Voice, ...]
    files: Mapping[str, Path]
    """By the voice's name."""


def find_cast(settings: KyutaiSettings, folders: Folders, checkpoint: Checkpoint) -> Cast:
    """Those of the chosen voices that are here. Blocks. Raises BackendUnavailable, ConfigError."""
    folder = _folder(settings, folders)
    chosen = chosen_voices(settings)
    files = {v.name: folder / voice_file(v.path, checkpoint.signature) for v in chosen}
    here = [voice for voice in chosen if files[voice.name].is_file()]
    _tell(settings, folder, [voice.name for voice in chosen if voice not in here])
    voices = tuple(_voice(voice, files[voice.name], settings, checkpoint) for voice in here)
    return Cast(voices, {voice.name: files[voice.name] for voice in here})


def _tell(settings: KyutaiSettings, folder: Path, missing: list[str]) -> None:
    """Which voices are not offered, as far as somebody may wonder."""
    if missing:
        level = logging.INFO if settings.voices else logging.WARNING
        fact = (
            "kyutai: %d voices are not in %s: %s — run `wyoming-voiceclone engines install kyutai`"
        )
        _LOGGER.log(level, fact, len(missing), folder, ", ".join(missing))
    if settings.unmute_voices:
        chosen = set(chosen_voices(settings))
        if withheld := [v for v in named_voices(settings) if v not in {*chosen, *CATALOGUE}]:
            _LOGGER.warning(
                "%s: not offered because of their licences: %s — "
                "set non_commercial_voices in [engines.kyutai] if you agree to them",
                settings.unmute_voices,
                ", ".join(f"{v.name} ({v.collection.licence.name})" for v in withheld),
            )


def _folder(settings: KyutaiSettings, folders: Folders) -> Path:
    if settings.voices:
        return Path(settings.voices).expanduser()
    return fetched(voice_weights(settings), folders, "kyutai").folder


def _voice(
    voice: PredefinedVoice, file: Path, settings: KyutaiSettings, checkpoint: Checkpoint
) -> Voice:
    stat = file.stat()
    manner = (settings.codebooks, settings.temperature, settings.guidance)
    parts = (checkpoint.revision, voice.path, stat.st_size, stat.st_mtime_ns, *manner)
    return Voice(
        voice.name,
        (voice.language,),
        voice.description,
        attribution=f"{voice.collection.title} ({voice.collection.licence.name})",
        attribution_url=voice.collection.url,
        revision=hashlib.sha256(repr(parts).encode()).hexdigest()[:16],
    )
