"""Statistics of a voice: how high, and where its spectral envelopes lie and how they vary."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wyoming_voiceclone.backends.match.analysis import FRAMES_PER_S, Frames, analysed
from wyoming_voiceclone.backends.match.arrays import Flags, Floats
from wyoming_voiceclone.backends.match.envelope import ORDER, decoding

_RANGE = 4.0  # nepers (35 dB) below the loud frames, speech is over
_SHARE = 0.6  # of the way from the loud frames down to the quiet ones, too
_FEW_FRAMES = 400
_SHRINK, _SHRINK_FEW = 0.05, 0.3  # toward the diagonal; shared/facts measured these
_OUTLIER = 0.6  # of log F0, from its median: an octave is 0.69
_LEAST_VARIANCE = 1e-4
_SAMPLE = 128  # frames: 6 kB as a tensor


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Mean [ORDER] and covariance [ORDER, ORDER] of cepstra."""

    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, cepstra: Floats) -> "Cloud":
        shrink = _SHRINK_FEW if len(cepstra) < _FEW_FRAMES else _SHRINK
        covariance = np.cov(cepstra, rowvar=False)
        diagonal = np.diag(np.diag(covariance) + _LEAST_VARIANCE)
        return cls(cepstra.mean(axis=0), (1 - shrink) * covariance + shrink * diagonal)

    def mapped(self, matrix: Floats) -> "Cloud":
        """The cloud of `matrix` @ x."""
        return Cloud(matrix @ self.mean, matrix @ self.covariance @ matrix.T)


@dataclass(frozen=True, slots=True, eq=False)
class VoiceStatistics:
    """What Match knows of a voice; a few kB as tensors."""

    voiced: Cloud
    unvoiced: Cloud
    log_f0: float
    """Mean of ln(F0 in Hz)."""
    log_f0_sd: float
    speech_s: float
    """How much active speech it was learnt from."""
    sample: Floats
    """Cepstra of some voiced frames, evenly over the speech, [frames, ORDER]."""

    @classmethod
    def of(cls, frames: Frames, sample: int = _SAMPLE) -> "VoiceStatistics":
        """Needs half a second of voiced speech; raises ValueError when there is less."""
        active = active_frames(frames)
        voiced = active & (frames.f0 > 0)
        unvoiced = active & (frames.f0 == 0)
        if voiced.sum() < FRAMES_PER_S / 2:
            raise ValueError("no voiced speech")
        cepstra = frames.envelopes @ decoding().T
        log_f0 = np.log(frames.f0[voiced])
        log_f0 = log_f0[np.abs(log_f0 - np.median(log_f0)) < _OUTLIER]
        whole = Cloud.of(cepstra[voiced])
        few = unvoiced.sum() < 2 * ORDER  # somebody who hums has no consonants
        return cls(
            whole,
            whole if few else Cloud.of(cepstra[unvoiced]),
            float(log_f0.mean()),
            float(log_f0.std()),
            float(active.sum() / FRAMES_PER_S),
            cepstra[voiced][np.linspace(0, voiced.sum() - 1, sample).astype(np.int64)],
        )

    @classmethod
    def of_speech(cls, samples: Floats, rate: int, sample: int = _SAMPLE) -> "VoiceStatistics":
        return cls.of(analysed(samples, rate), sample)

    def tensors(self) -> dict[str, npt.NDArray[np.floating]]:
        """Of a covariance, one triangle; the sample in half precision."""
        triangle = np.triu_indices(ORDER)
        clouds = {"voiced": self.voiced, "unvoiced": self.unvoiced}
        tensors = {f"{name}.mean": cloud.mean for name, cloud in clouds.items()}
        for name, cloud in clouds.items():
            tensors[f"{name}.covariance"] = cloud.covariance[triangle]
        tensors["pitch"] = np.array([self.log_f0, self.log_f0_sd, self.speech_s])
        single = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
        return {**single, "sample": self.sample.astype(np.float16)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[np.generic]]) -> "VoiceStatistics":
        """Raises ValueError when these are no statistics of this version."""
        try:
            log_f0, log_f0_sd, speech_s = np.asarray(tensors["pitch"], float)
            voiced, unvoiced = (_cloud(tensors, name) for name in ("voiced", "unvoiced"))
            sample = np.asarray(tensors["sample"], float)
        except KeyError as error:
            raise ValueError(f"no tensor {error}") from error
        if sample.ndim != 2 or sample.shape[1] != ORDER or not np.isfinite(sample).all():
            raise ValueError("sample: of another version")
        return cls(voiced, unvoiced, float(log_f0), float(log_f0_sd), float(speech_s), sample)


def _cloud(tensors: Mapping[str, npt.NDArray[np.generic]], name: str) -> Cloud:
    mean = np.asarray(tensors[f"{name}.mean"], float)
    triangle = np.asarray(tensors[f"{name}.covariance"], float)
    if mean.shape != (ORDER,) or triangle.shape != (ORDER * (ORDER + 1) // 2,):
        raise ValueError(f"{name}: of another version")
    if not (np.isfinite(mean).all() and np.isfinite(triangle).all()):
        raise ValueError(f"{name}: not finite")
    covariance = np.zeros((ORDER, ORDER))
    covariance[np.triu_indices(ORDER)] = triangle
    return Cloud(mean, covariance + np.triu(covariance, 1).T)


def active_frames(frames: Frames) -> Flags:
    """Where somebody speaks: near enough to the loud frames, and clear of the noise."""
    level = levels(frames)
    if not len(level):
        return np.zeros(0, np.bool_)
    loud, quiet = np.percentile(level, [95, 5])
    active: Flags = level > loud - min(_RANGE, _SHARE * (loud - quiet))
    return active


def levels(frames: Frames) -> Floats:
    """How loud each frame is: log amplitude."""
    level: Floats = 0.5 * np.log(np.exp(2 * frames.envelopes).mean(axis=1))
    return level
