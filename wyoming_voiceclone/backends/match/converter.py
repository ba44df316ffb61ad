"""Converter: a base's speech in, matched speech out, less than 200 ms later."""

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends.match.analysis import BLOCK, Analyser, Frames
from wyoming_voiceclone.backends.match.arrays import Floats
from wyoming_voiceclone.backends.match.envelope import decoding
from wyoming_voiceclone.backends.match.equaliser import Equaliser
from wyoming_voiceclone.backends.match.psola import PitchShifter
from wyoming_voiceclone.backends.match.transport import Conversion

_VOICING = 2  # frames either side over which the two maps are blended: 25 ms
_SMOOTH = 1  # frames either side over which gains are smoothed: 15 ms
_LOWEST, _HIGHEST = -4.0, 2.5  # nepers: -35 and +22 dB
_TAIL_S = 0.3  # longer than everything that is held back


class Converter:
    """One sentence; what comes out is as long as what went in, however it is cut."""

    def __init__(self, rate: int, conversion: Conversion) -> None:
        self._conversion = conversion
        self._analyser = Analyser(rate)
        hop = self._analyser.hop
        self._block = BLOCK * hop
        self._shifter, self._equaliser = PitchShifter(rate, hop), Equaliser(rate, hop)
        self._gains = _Gains(conversion)
        self._rest: Floats = np.zeros(0)
        self._tail = round(_TAIL_S * rate)
        self._taken = 0
        self._given = 0

    def feed(self, chunk: Chunk) -> Chunk:
        """What is ready; the same in the end, to the bit, however the stream is cut."""
        self._taken += len(chunk)
        samples = np.concatenate([self._rest, np.nan_to_num(chunk)])
        whole = len(samples) // self._block * self._block
        self._rest = samples[whole:]
        blocks = samples[:whole].reshape(-1, self._block)
        ready = np.concatenate([np.zeros(0), *(self._converted(block) for block in blocks)])
        self._given += len(ready)
        return ready.astype(np.float32)

    def finish(self) -> Chunk:
        """The rest; the converter is used up then."""
        missing = self._taken - self._given
        tail = np.zeros(self._tail + self._block, np.float32)
        return self.feed(tail)[:missing]

    def _converted(self, block: Floats) -> Floats:
        frames = self._analyser.feed(block)
        shifted = self._shifter.feed(block, frames.f0, self._conversion.shifted(frames.f0))
        return self._equaliser.feed(shifted, self._gains.feed(frames))


class _Gains:
    """Log gains of the frames, blended and smoothed over their neighbours."""

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._encoding = decoding().T
        self._context = Frames.joined([])

    def feed(self, frames: Frames) -> Floats:
        """[frames that have become known, BANDS]; the last ones wait for their neighbours."""
        if len(frames.f0) and not len(self._context.f0):
            first = Frames(frames.f0[:1], frames.envelopes[:1])
            self._context = Frames.joined([first] * (_VOICING + _SMOOTH))
        known = Frames.joined([self._context, frames])
        waiting = 2 * (_VOICING + _SMOOTH)
        self._context = Frames(known.f0[-waiting:], known.envelopes[-waiting:])
        if len(known.f0) <= waiting:
            return np.zeros((0, known.envelopes.shape[1]))
        return _smoothed(self._blended(known), _SMOOTH)

    def _blended(self, frames: Frames) -> Floats:
        voicing = _smoothed((frames.f0 > 0).astype(float)[:, None], _VOICING)
        cepstra = frames.envelopes[_VOICING:-_VOICING] @ self._encoding
        cepstra[:, 0] = np.maximum(cepstra[:, 0], self._conversion.quietest)
        (voiced, voiced_offset), (unvoiced, offset) = (
            self._conversion.voiced,
            self._conversion.unvoiced,
        )
        gains = voicing * (cepstra @ voiced + voiced_offset)
        gains += (1 - voicing) * (cepstra @ unvoiced + offset)
        return np.clip(gains, _LOWEST, _HIGHEST)


def _smoothed(rows: Floats, reach: int) -> Floats:
    """The mean of each row and `reach` either side; the outer ones are gone."""
    width = 2 * reach + 1
    smooth: Floats = np.lib.stride_tricks.sliding_window_view(rows, width, axis=0).mean(axis=-1)
    return smooth
