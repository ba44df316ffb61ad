"""Loudness: every sentence of every voice equally loud, decided before its first sample."""

import math
from collections import OrderedDict

import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.limiter import Limiter
from wyoming_voiceclone.audio.speech_level import SpeechLevel, SpeechMeter

CEILING_DB = -1.0
"""No peak goes beyond it: the headroom that lossy codecs need (EBU R 128)."""
TARGET_DB = -18.0
"""Level of active speech, dBFS RMS."""
CREST_DB = CEILING_DB - TARGET_DB
"""Peak over level of a sentence, as a rule: 17 dB (LJ Speech: 17.1, LibriSpeech: 11.6 to 18.5)."""

_LIMITED_DB = 3.0
"""How far the peaks of a voice may usually reach into the limiter."""
_MAX_GAIN_DB = 30.0
_ABSURD = 1e6
"""No engine's sample; bounds what the arithmetic has to bear."""
_STEP_DB = 1.0
"""Change between two sentences of an utterance: the ear's threshold for level is about 1 dB."""
_RAMP_S = 0.01
_PRIOR_S = 2.0
"""Seconds of speech that the backend's word is worth."""
_MEMORY_S = 60.0
"""Seconds of speech after which old ones are forgotten."""


class LoudnessBook:
    """What was learnt about the raw level of each voice, for all utterances; bounded."""

    def __init__(self, voices: int = 256) -> None:
        self._voices: OrderedDict[str, SpeechLevel] = OrderedDict()
        self._limit = voices

    def gain_db(self, voice: str, full_scale: float) -> float:
        """What brings `voice` to the target; `full_scale` (its usual peak) counts until learnt."""
        known = self._known(voice, full_scale)
        gain = min(TARGET_DB - known.level_db, CEILING_DB + _LIMITED_DB - known.peak_db)
        return min(gain, _MAX_GAIN_DB)

    def learn(self, voice: str, full_scale: float, spoken: SpeechLevel) -> None:
        """Take in what one raw sentence measured."""
        known = self._known(voice, full_scale)
        share = spoken.seconds / (known.seconds + spoken.seconds)
        self._voices[voice] = SpeechLevel(
            known.level_db + share * (spoken.level_db - known.level_db),
            known.peak_db + share * (spoken.peak_db - known.peak_db),
            min(known.seconds + spoken.seconds, _MEMORY_S),
        )

    def _known(self, voice: str, full_scale: float) -> SpeechLevel:
        if voice not in self._voices:
            usable = full_scale if math.isfinite(full_scale) and full_scale > 0 else 1.0
            peak_db = 20 * math.log10(usable)
            self._voices[voice] = SpeechLevel(peak_db - CREST_DB, peak_db, _PRIOR_S)
            while len(self._voices) > self._limit:
                self._voices.popitem(last=False)
        self._voices.move_to_end(voice)
        return self._voices[voice]


class Leveller:
    """Levels one utterance: one gain per sentence, then a limiter that seldom acts.

    Up to 5 ms are held back; nothing is delayed. How a sentence is cut does not change a sample.
    """

    def __init__(self, rate: int, book: LoudnessBook) -> None:
        self._book = book
        self._rate = rate
        self._limiter = Limiter(rate, _ratio(CEILING_DB))
        self._gains_db: dict[str, float] = {}
        self._gain: float | None = None
        self._ramp: Chunk = np.zeros(0, np.float32)
        self._sentence: tuple[str, float, SpeechMeter] | None = None

    def begin(self, voice: str, full_scale: float) -> None:
        """The next sentence, spoken by `voice`, whose raw peaks usually reach `full_scale`."""
        self._learn()
        gain_db = self._book.gain_db(voice, full_scale)
        if (last := self._gains_db.get(voice)) is not None:
            gain_db = min(max(gain_db, last - _STEP_DB), last + _STEP_DB)
        self._gains_db[voice] = gain_db
        gain = _ratio(gain_db)
        start = gain if self._gain is None else self._gain
        self._ramp = np.linspace(start, gain, round(_RAMP_S * self._rate), dtype=np.float32)
        self._gain = gain
        self._sentence = voice, full_scale, SpeechMeter(self._rate)

    def feed(self, chunk: Chunk) -> Chunk:
        """The next samples, levelled. Whatever is no number becomes silence."""
        finite = np.clip(np.nan_to_num(chunk, posinf=0.0, neginf=0.0), -_ABSURD, _ABSURD)
        if self._sentence is not None:
            self._sentence[2].feed(finite)
        return self._limiter.feed(self._amplified(finite))

    def finish(self) -> Chunk:
        """The samples held back; the utterance is over."""
        self._learn()
        return self._limiter.finish()

    def _amplified(self, chunk: Chunk) -> Chunk:
        amplified = chunk * np.float32(1.0 if self._gain is None else self._gain)
        ramped = min(len(self._ramp), len(chunk))
        amplified[:ramped] = chunk[:ramped] * self._ramp[:ramped]
        self._ramp = self._ramp[ramped:]
        return amplified

    def _learn(self) -> None:
        if self._sentence is None:
            return
        voice, full_scale, meter = self._sentence
        self._sentence = None
        if (spoken := meter.level()) is not None:
            self._book.learn(voice, full_scale, spoken)


def _ratio(db: float) -> float:
    return float(10.0 ** (db / 20))
