"""Recordings as people have them: any container, codec, rate and number of channels.

Blocking: for a thread.
"""

import io
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.errors import BadRecording

if TYPE_CHECKING:  # 30 MB of libraries: only for those who decode
    import av.container

SUFFIXES = (
    *(".wav", ".wave", ".w64", ".aif", ".aiff", ".au", ".caf", ".flac", ".ogg", ".oga", ".opus"),
    *(".mp3", ".m4a", ".m4b", ".aac", ".mp4", ".mov", ".3gp", ".mka", ".mkv", ".webm", ".wma"),
    *(".amr", ".ac3", ".wv", ".ape"),
)
"""How the names of recordings end."""
_FORMATS = (
    "wav,w64,aiff,au,caf,flac,ogg,mp3,aac,mov,mp4,m4a,3gp,matroska,webm,asf,amr,ac3,eac3,wv,ape"
)
"""What FFmpeg may take a file for: nothing that opens other files or addresses, as playlists do."""
_TELLS_ITS_LENGTH = frozenset({"wav", "w64", "aiff", "flac", "mov", "caf"})
"""Containers whose header says how long they were meant to be."""

_RIFF_UNKNOWN = 0x7FFFF000
"""Sizes from here on are what programs write that do not know yet how long it will be."""

_RATES = range(4_000, 384_001)
_HIGHEST_RATE = 48_000
"""Faster recordings are brought down to it: no engine hears more, and memory stays bounded."""
_MOST_CHANNELS = 32
_CANCELLED_OUT = 0.2
"""Share of the loudest channel's energy below which the channels' mean has lost the speech."""
_SILENCE = 1e-4  # -80 dB: the noise of 14 bits


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """What is accepted as a recording of somebody's voice."""

    bytes: int = 256_000_000
    shortest_s: float = 1.0
    longest_s: float = 300.0


class Sound(NamedTuple):
    """What a recording holds: mono samples in [-1, 1], at most 48 kHz."""

    samples: Chunk
    rate: int


DEFAULT_LIMITS = RecordingLimits()


def read_recording(path: Path, limits: RecordingLimits = DEFAULT_LIMITS) -> Sound:
    """Decode a file. Raises BadRecording, whatever is wrong with it."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise BadRecording(f"{path}: not a file — give one recording")
        _check_size(str(path), about.st_size, limits)
        with path.open("rb") as file:
            return _read(str(path), file, limits)
    except OSError as error:
        fact = f"cannot be read ({error.strerror or error})"
        raise BadRecording(f"{path}: {fact} — see that it is there and yours to read") from error


def decode_recording(
    data: bytes, name: str = "recording", limits: RecordingLimits = DEFAULT_LIMITS
) -> Sound:
    """Decode what was sent; `name` is what it is called in errors. Raises BadRecording."""
    _check_size(name, len(data), limits)
    return _read(name, io.BytesIO(data), limits)


def _check_size(name: str, size: int, limits: RecordingLimits) -> None:
    if size == 0:
        raise BadRecording(f"{name}: the file is empty — copy it again")
    if size > limits.bytes:
        fact = f"{size / 1e6:.0f} MB, the limit is {limits.bytes / 1e6:.0f} MB"
        raise BadRecording(f"{name}: {fact} — cut out a minute of clear speech")


def _read(name: str, file: IO[bytes], limits: RecordingLimits) -> Sound:
    decoder = _Decoder(name, limits)
    sound, energies = decoder.decode(file, _mean)
    loudest = int(np.argmax(energies))
    if np.square(sound.samples, dtype=np.float64).sum() < _CANCELLED_OUT * energies[loudest]:
        # channels in opposite phase, or one microphone of many
        sound, _ = decoder.decode(file, lambda frame: frame[loudest])
    return Sound(_bounded(name, sound.samples), sound.rate)


def _bounded(name: str, samples: Chunk) -> Chunk:
    finite: Chunk = np.nan_to_num(samples, posinf=0.0, neginf=0.0)
    peak = float(np.abs(finite).max(initial=0.0))
    if peak < _SILENCE:
        raise BadRecording(f"{name}: only silence — see that the microphone is on, record again")
    return finite / np.float32(peak) if peak > 1 else finite


Planes = npt.NDArray[np.float32]
"""Shape [channels, samples]."""
Mix = Callable[[Planes], Chunk]


class _Decoder:
    """One file, perhaps decoded twice."""

    def __init__(self, name: str, limits: RecordingLimits) -> None:
        self._name, self._limits = name, limits

    def decode(self, file: IO[bytes], mix: Mix) -> tuple[Sound, npt.NDArray[np.float64]]:
        """The samples, and the energy of each channel before they were mixed."""
        file.seek(0)
        with self._explained(), self._opened(file) as container:
            stream = self._stream(container)
            promised_s = self._promised_s(container) * _cut(file)
            rate = min(stream.codec_context.sample_rate, _HIGHEST_RATE)
            energies = np.zeros(_MOST_CHANNELS)
            chunks: list[Chunk] = []
            samples, most = 0, round(self._limits.longest_s * rate)
            for frame in _frames(container, stream, rate):
                chunks.append(mix(frame))
                samples += len(chunks[-1])
                energies[: len(frame)] += np.square(frame, dtype=np.float64).sum(axis=1)
                if samples > most:
                    raise self._too_long(None)
        self._check_length(samples / rate, promised_s)
        return Sound(np.concatenate(chunks), rate), energies

    @contextmanager
    def _opened(self, file: IO[bytes]) -> "Iterator[av.container.InputContainer]":
        import av  # noqa: PLC0415

        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
        with av.open(file, "r", container_options=options, metadata_errors="replace") as container:
            yield container

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """FFmpeg's errors, told as ours."""
        from av.error import FFmpegError  # noqa: PLC0415

        try:
            yield
        except (FFmpegError, ValueError, OverflowError) as error:
            fact = "not a recording that can be decoded"
            reason = getattr(error, "strerror", None) or str(error)
            raise BadRecording(
                f"{self._name}: {fact} ({reason}) — export it as WAV, FLAC, MP3 or M4A"
            ) from error

    def _stream(self, container: "av.container.InputContainer") -> "av.AudioStream":
        if not container.streams.audio:
            raise BadRecording(f"{self._name}: has no sound in it — give a recording of a voice")
        stream = container.streams.audio[0]
        context = stream.codec_context
        if context.sample_rate not in _RATES or not 1 <= context.channels <= _MOST_CHANNELS:
            fact = f"{context.channels} channels at {context.sample_rate} Hz"
            raise BadRecording(f"{self._name}: {fact} — export it as mono at 48000 Hz")
        return stream

    def _promised_s(self, container: "av.container.InputContainer") -> float:
        """How long it should be; 0 where nobody knows. Refuses what is too long undecoded."""
        seconds = (container.duration or 0) / 1e6  # FFmpeg's time base
        if seconds > self._limits.longest_s:
            raise self._too_long(seconds)
        return seconds if _TELLS_ITS_LENGTH & set(container.format.name.split(",")) else 0.0

    def _too_long(self, seconds: float | None) -> BadRecording:
        most = f"{self._limits.longest_s / 60:.0f} minutes"
        fact = (
            f"more than {most}"
            if seconds is None
            else f"{timedelta(seconds=round(seconds))}, the limit is {most}"
        )
        return BadRecording(f"{self._name}: {fact} — cut out a minute of clear speech")

    def _check_length(self, seconds: float, promised_s: float) -> None:
        if seconds < 0.95 * promised_s - 0.5:
            fact = f"breaks off after {seconds:.1f} s of {promised_s:.1f} s"
            raise BadRecording(f"{self._name}: {fact} — copy or record it again")
        if seconds < self._limits.shortest_s:
            fact = f"{seconds:.1f} s, need at least {self._limits.shortest_s:.0f} s"
            raise BadRecording(f"{self._name}: {fact} — record again, some sentences")


def _frames(
    container: "av.container.InputContainer", stream: "av.AudioStream", rate: int
) -> Iterator[Planes]:
    """The decoded frames as float planes at `rate`; a damaged packet is left out."""
    from av import AudioResampler  # noqa: PLC0415
    from av.error import FFmpegError  # noqa: PLC0415

    resampler, shape = AudioResampler("fltp", rate=rate), None
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        for frame in frames:
            # chained streams change their shape in the middle
            if shape not in (None, _shape(frame)):
                yield from map(_planes, resampler.resample(None))
                resampler = AudioResampler("fltp", rate=rate)
            shape = _shape(frame)
            yield from map(_planes, resampler.resample(frame))
    yield from map(_planes, resampler.resample(None) if shape else ())


def _planes(frame: "av.AudioFrame") -> Planes:
    return frame.to_ndarray().astype(np.float32, copy=False)


def _cut(file: IO[bytes]) -> float:
    """How many times longer a WAV was meant to be: FFmpeg does not tell of those cut short."""
    at = file.tell()
    file.seek(0)
    name, promised = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
    size = file.seek(0, io.SEEK_END)
    file.seek(at)
    return max(1.0, (promised + 8) / size) if name == b"RIFF" and promised < _RIFF_UNKNOWN else 1.0


def _shape(frame: "av.AudioFrame") -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _mean(frame: Planes) -> Chunk:
    mixed: Chunk = frame.mean(axis=0, dtype=np.float32)
    return mixed
