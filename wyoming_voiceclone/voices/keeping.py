"""Voices of one's own added, renamed and removed on disk. Blocking: for threads."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile

from wyoming_voiceclone.audio.recording import Sound
from wyoming_voiceclone.errors import BadRequest, ConfigError
from wyoming_voiceclone.voices.library import SETTLED_S
from wyoming_voiceclone.voices.names import checked_name, same_name
from wyoming_voiceclone.voices.voice_folder import (
    REFERENCE,
    TOML,
    TRANSCRIPT,
    ClonedVoice,
    voice_files,
)
from wyoming_voiceclone.voices.voice_toml import VoiceToml, voice_toml_text


def add_voice(
    folder: Path, name: str, sound: Sound, *, transcript: str = "", about: VoiceToml | None = None
) -> Path:
    """Make a folder for a voice, complete or not at all. Raises BadRequest, ConfigError."""
    target = _free(folder, name)
    making = folder / f".{target.name}.{os.getpid()}.new"
    with _told(target, "written"):
        try:
            making.mkdir(parents=True)
            pcm = np.minimum(np.rint(sound.samples * 32_768.0), 32_767).astype(np.int16)
            soundfile.write(making / REFERENCE, pcm, sound.rate, "PCM_16")
            if transcript:
                (making / TRANSCRIPT).write_text(f"{transcript}\n", "utf-8")
            (making / TOML).write_text(voice_toml_text(about or VoiceToml()), "utf-8")
            for path in making.iterdir():
                _settle(path)
            making.rename(target)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return target


def rename_voice(voice: ClonedVoice, name: str) -> Path:
    """Give the voice another name; where it lies now. Raises BadRequest, ConfigError."""
    path = voice.folder or voice.recording
    target = _free(path.parent, name, besides=voice.name)
    with _told(path, "renamed"):
        if voice.folder:
            return path.rename(target)
        moved = path.rename(target.with_name(target.name + path.suffix))
        with suppress(FileNotFoundError):
            path.with_suffix(".txt").rename(target.with_name(f"{target.name}.txt"))
        return moved


def remove_voice(voice: ClonedVoice) -> Path:
    """Take the voice away, at once also when interrupted; where it lay. Raises ConfigError."""
    path = voice.folder or voice.recording
    with _told(path, "removed"):
        if path.is_symlink():
            path.unlink()
        elif voice.folder:
            leaving = path.with_name(f".{path.name}.{os.getpid()}.removed")
            path.rename(leaving)
            shutil.rmtree(leaving)
        else:
            path.unlink()
            path.with_suffix(".txt").unlink(missing_ok=True)
    return path


def _free(folder: Path, name: str, besides: str = "") -> Path:
    """Where a voice of that name may lie."""
    name = checked_name(name)
    taken = {same_name(files.name) for files in voice_files(folder)} - {same_name(besides)}
    target = folder / name
    if same_name(name) in taken or (target.exists() and same_name(name) != same_name(besides)):
        raise BadRequest(f"{name}: there is one already in {folder} — choose another name")
    return target


def _settle(path: Path) -> None:
    """Nobody has to wait for a file that appears whole."""
    past_s = time.time() - SETTLED_S
    os.utime(path, (past_s, past_s))


@contextmanager
def _told(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except (OSError, soundfile.SoundFileError) as error:  # libsndfile keeps the system's to itself
        fact = f"cannot be {done} ({getattr(error, 'strerror', None) or error})"
        raise ConfigError(f"{path}: {fact} — see who owns it and how full the disk is") from error
