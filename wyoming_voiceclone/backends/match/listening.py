"""Listening to a recording: the statistics of the person in it, or what is wrong with it."""

import numpy as np
import soxr

from wyoming_voiceclone.backends.match.analysis import analysed
from wyoming_voiceclone.backends.match.statistics import VoiceStatistics, active_frames, levels
from wyoming_voiceclone.errors import BadRecording
from wyoming_voiceclone.voices import Reference

LEAST_SPEECH_S = 3.0
_LOWEST_RATE, _HIGHEST_RATE = 16_000, 24_000  # above, nothing is looked at
_LONGEST_S = 60.0  # shared/facts: 24 s already give all but the last percent
_SILENCE = 1e-4  # peak: -80 dBFS
_LEAST_SNR_DB = 20.0  # loud to quiet frames; LibriSpeech: 30 and more
_NEPER_DB = 8.686


def listened(reference: Reference) -> VoiceStatistics:
    """Statistics of the first minute. Raises BadRecording. Blocks: 30 ms per second of it."""
    if reference.rate < _LOWEST_RATE:
        raise BadRecording(
            f"the recording: {reference.rate} Hz, need at least {_LOWEST_RATE} Hz — "
            "record again, not over a telephone"
        )
    samples = reference.samples[: round(_LONGEST_S * reference.rate)].astype(np.float64)
    if not np.isfinite(samples).all():
        raise BadRecording("the recording: holds no sound but damaged samples — export it again")
    if not len(samples) or np.abs(samples).max() < _SILENCE:
        raise BadRecording("the recording: silent — check the microphone and record again")
    rate = min(reference.rate, _HIGHEST_RATE)
    return _statistics(soxr.resample(samples, reference.rate, rate), rate)


def _statistics(
    samples: np.ndarray[tuple[int], np.dtype[np.float64]], rate: int
) -> VoiceStatistics:
    frames = analysed(samples / np.abs(samples).max(), rate)
    level, active = levels(frames), active_frames(frames)
    voiced_s = float((active & (frames.f0 > 0)).sum()) / 200
    speech_s = float(active.sum()) / 200
    if speech_s < LEAST_SPEECH_S or voiced_s < LEAST_SPEECH_S / 4:
        raise BadRecording(
            f"the recording: {min(speech_s, 4 * voiced_s):.1f} s of speech, need at least "
            f"{LEAST_SPEECH_S:.0f} s — record again, longer and closer to the microphone"
        )
    snr_db = _NEPER_DB * float(np.subtract(*np.percentile(level, [95, 5])))
    if snr_db < _LEAST_SNR_DB:
        raise BadRecording(
            f"the recording: the noise is only {snr_db:.0f} dB below the speech, need "
            f"{_LEAST_SNR_DB:.0f} dB — record again in a quiet room"
        )
    return VoiceStatistics.of(frames)
