"""Where spoken audio goes: a file, or this machine's loudspeaker."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import soundfile

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.errors import ConfigError

Write = Callable[[Chunk], Awaitable[None]]
Sink = AbstractAsyncContextManager[Write]

FORMATS = {".wav": "WAV", ".flac": "FLAC"}


@asynccontextmanager
async def file_sink(path: Path, rate: int) -> AsyncIterator[Write]:
    """16-bit mono; the file appears when it is whole, and not at all after an error."""
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"{path}: not a known kind of audio file — use .wav or .flac")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        file = await asyncio.to_thread(_create, partial, rate, kind)
    except OSError as error:
        fact = f"cannot be written ({error.strerror})"
        raise ConfigError(f"{path}: {fact} — choose another place") from error
    try:
        try:
            yield lambda chunk: asyncio.to_thread(file.write, chunk)
        finally:
            await asyncio.to_thread(file.close)
        await asyncio.to_thread(os.replace, partial, path)
    finally:
        await asyncio.to_thread(partial.unlink, missing_ok=True)


@asynccontextmanager
async def loudspeaker(rate: int) -> AsyncIterator[Write]:
    """The default output device; returns when the last sample was heard."""
    device = await asyncio.to_thread(_open_device, rate)
    try:
        yield lambda chunk: asyncio.to_thread(device.write, chunk)
        await asyncio.to_thread(device.stop)
    finally:
        await asyncio.to_thread(device.close, ignore_errors=True)


def sound_library() -> Any:
    """The sounddevice module; a ConfigError that says how to get it where it is missing."""
    try:
        return import_module("sounddevice")
    except ImportError as error:
        raise ConfigError(
            "playing needs the sounddevice package — "
            "pip install 'wyoming-voiceclone[play]', or write a file with -o speech.wav"
        ) from error
    except OSError as error:
        raise ConfigError(
            "playing needs the PortAudio library — "
            "apt install libportaudio2, or write a file with -o speech.wav"
        ) from error


def _create(path: Path, rate: int, kind: str) -> Any:
    path.touch()  # libsndfile only tells of a "System error"
    return soundfile.SoundFile(path, "w", rate, 1, "PCM_16", format=kind)


def _open_device(rate: int) -> Any:
    library = sound_library()
    try:
        device = library.OutputStream(samplerate=rate, channels=1, dtype="float32")
        device.start()
    except library.PortAudioError as error:
        raise ConfigError(f"no loudspeaker ({error}) — write a file with -o speech.wav") from error
    return device
