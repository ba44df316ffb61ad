"""Recordings made on the spot: a tone in any container that people send."""

import io

import av
import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk

HZ = 440


def tone(seconds: float = 3.0, rate: int = 16_000, hz: float = HZ) -> Chunk:
    time_s = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def pitch(samples: Chunk, rate: int) -> float:
    """The strongest frequency."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def encoded(
    samples: Chunk,
    rate: int = 16_000,
    *,
    container: str = "wav",
    codec: str = "pcm_s16le",
    gains: tuple[float, ...] = (1.0,),
) -> bytes:
    """A file of one channel per gain."""
    file = io.BytesIO()
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(gains)]
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        context = stream.codec_context
        context.open()
        resampler = av.AudioResampler(
            context.format.name, layout, rate, frame_size=context.frame_size or None
        )
        planes = np.ascontiguousarray(np.outer(gains, samples).astype(np.float32))
        frame = av.AudioFrame.from_ndarray(planes, "fltp", layout)
        frame.sample_rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()
