"""Where spoken audio goes: a file, standard output, or this machine's loudspeaker."""

import asyncio
import fcntl
import os
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import soundfile

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.pcm import to_pcm16
from wyoming_voiceclone.errors import ConfigError

Write = Callable[[Chunk], Awaitable[None]]
Sink = AbstractAsyncContextManager[Write]

FORMATS = {".wav": "WAV", ".flac": "FLAC"}
PIPE = Path("-")
"""Standard output, where a file could be named."""
_UNTIL_THE_END = 0xFFFFFFFF
"""What a RIFF header says for a length not known yet, as ffmpeg and sox write it into a pipe."""


def check_output(path: Path) -> None:
    """Raises ConfigError where no audio can be written, before anything is spoken."""
    if path == PIPE and sys.stdout.isatty():
        raise ConfigError("-o -: a terminal plays no sound — pipe it on: `-o - | aplay`")
    if path == PIPE:
        return
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"{path}: not a known kind of audio file — use .wav or .flac")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent} — make it, or choose another")
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder — name a file in it")


@asynccontextmanager
async def file_sink(path: Path, rate: int) -> AsyncIterator[Write]:
    """16-bit mono; the file appears when it is whole, and not at all after an error."""
    check_output(path)
    kind = FORMATS[path.suffix.lower()]
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")

    async def written(work: Callable[..., None], *arguments: object) -> None:
        with _told(path):
            await asyncio.to_thread(work, *arguments)

    try:
        with _told(path):
            file = await asyncio.to_thread(_create, partial, rate, kind)
        try:
            yield lambda chunk: written(file.write, chunk)
        finally:
            await written(file.close)
        await written(os.replace, partial, path)
    finally:
        await asyncio.to_thread(partial.unlink, missing_ok=True)


@asynccontextmanager
async def pipe_sink(rate: int) -> AsyncIterator[Write]:
    """A 16-bit mono WAV on standard output, chunk by chunk."""
    out = sys.stdout.buffer
    appends = fcntl.fcntl(out.fileno(), fcntl.F_GETFL) & os.O_APPEND
    begin = out.tell() if out.seekable() and not appends else None
    written = 0

    def put(data: bytes) -> None:
        with _told("standard output"):
            out.write(data)
            out.flush()

    async def write(chunk: Chunk) -> None:
        nonlocal written
        pcm = to_pcm16(chunk)
        written += len(pcm)
        await asyncio.to_thread(put, pcm)

    await asyncio.to_thread(put, _wav_header(rate))
    yield write
    if begin is not None:  # a file: the length can be told
        out.seek(begin)
        await asyncio.to_thread(put, _wav_header(rate, written))
        out.seek(0, os.SEEK_END)


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
            f"{sys.executable} -m pip install sounddevice, or write a file with -o speech.wav"
        ) from error
    except OSError as error:
        raise ConfigError(
            "playing needs the PortAudio library — "
            "apt install libportaudio2, or write a file with -o speech.wav"
        ) from error


@contextmanager
def _told(where: Path | str) -> Iterator[None]:
    """What the system refuses, as an error for people; a listener who left is none."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, soundfile.SoundFileError) as error:  # libsndfile keeps the system's to itself
        fact = f"cannot be written ({getattr(error, 'strerror', None) or error})"
        raise ConfigError(f"{where}: {fact} — free some room, or choose another place") from error


def _wav_header(rate: int, size: int | None = None) -> bytes:
    """44 bytes: RIFF, 16-bit mono PCM, `size` bytes of it."""
    whole, data = (_UNTIL_THE_END,) * 2 if size is None else (size + 36, size)
    about = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + about + struct.pack("<4sI", b"data", data)
    )


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
