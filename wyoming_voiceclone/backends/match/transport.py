"""Transport: the affine maps that give one voice's envelopes and pitch another's statistics.

The linear Monge-Kantorovich map moves one Gaussian onto another with the least effort; what effort
is left tells how near two voices are.
"""

from dataclasses import dataclass, replace

import numpy as np

from wyoming_voiceclone.backends.match.arrays import Floats
from wyoming_voiceclone.backends.match.envelope import BANDS_HZ, ORDER, TOP_HZ, decoding
from wyoming_voiceclone.backends.match.statistics import Cloud, VoiceStatistics

WARPS = (0.97, 1.0, 1.03)
"""Stronger ones made no voice more alike, and doubled the word errors (docs/match.md)."""
LOWEST_HZ, HIGHEST_HZ = 55.0, 600.0
"""Pitches that are spoken."""
_KNEE = 0.85
_QUIET = 3.0  # standard deviations
_LEAST = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """Log gain of a frame = cepstra @ matrix + offset.

    And ln f0' = (ln f0 - f0_from) * f0_scale + f0_to.
    """

    voiced: tuple[Floats, Floats]
    """[ORDER, BANDS] and [BANDS]."""
    unvoiced: tuple[Floats, Floats]
    f0_from: float
    f0_scale: float
    f0_to: float
    warp: float
    quietest: float
    """Level (cepstrum 0) below which frames are moved as if they had it: pauses stay pauses."""
    effort: float
    """How far the base had to be moved."""

    def shifted(self, f0: Floats) -> Floats:
        """The new pitch, Hz; 0 stays 0."""
        log_f0 = (np.log(np.maximum(f0, 1.0)) - self.f0_from) * self.f0_scale + self.f0_to
        return np.where(f0 > 0, np.clip(np.exp(log_f0), LOWEST_HZ, HIGHEST_HZ), 0.0)


def conversion(base: VoiceStatistics, target: VoiceStatistics, strength: float = 1.0) -> Conversion:
    """From `base` to `target`; `strength` 0 leaves the base as it is.

    Spoken as loud as the base, but as evenly or unevenly loud as the target.
    """
    target = _as_loud(target, base.voiced.mean[0])
    warp = min(WARPS, key=lambda a: _effort(base, target, a))
    scale = float(np.clip(target.log_f0_sd / max(base.log_f0_sd, 1e-3), 0.4, 2.5))
    return Conversion(
        voiced=_gain(base.voiced, target.voiced, warp, strength),
        unvoiced=_gain(base.unvoiced, target.unvoiced, warp, strength),
        f0_from=base.log_f0,
        f0_scale=1 + strength * (scale - 1),
        f0_to=base.log_f0 + strength * (target.log_f0 - base.log_f0),
        quietest=float(base.voiced.mean[0] - _QUIET * np.sqrt(base.voiced.covariance[0, 0])),
        warp=warp,
        effort=_effort(base, target, warp) + 2 * abs(target.log_f0 - base.log_f0),
    )


def uncovered(base: VoiceStatistics, target: VoiceStatistics) -> float:
    """How far the target's sounds lie, on the average, from the nearest the moved base makes.

    Over ten bases for each of seven readers it agreed with a verifier by a rank correlation of .4.
    """
    matrix, offset = conversion(base, target).voiced
    moved = base.sample + (base.sample @ matrix + offset) @ decoding().T
    sounds, moved = target.sample[:, 1:], moved[:, 1:]  # whatever their level
    squares = np.square(sounds).sum(axis=1)[:, None] + np.square(moved).sum(axis=1)
    distances = np.sqrt(np.maximum(squares - 2 * sounds @ moved.T, 0))
    return float(distances.min(axis=1).mean())


def _as_loud(voice: VoiceStatistics, level: float) -> VoiceStatistics:
    """The same voice with its voiced speech at `level`, and the rest as far above or below."""
    louder = np.zeros(ORDER)
    louder[0] = level - voice.voiced.mean[0]
    voiced, unvoiced = (
        Cloud(cloud.mean + louder, cloud.covariance) for cloud in (voice.voiced, voice.unvoiced)
    )
    return replace(voice, voiced=voiced, unvoiced=unvoiced)


def _effort(base: VoiceStatistics, target: VoiceStatistics, warp: float) -> float:
    """Bures-Wasserstein distance of the voiced clouds after the warp."""
    moved = base.voiced.mapped(warping(warp))
    root = _root(moved.covariance)
    cross = np.sqrt(np.maximum(_eigenvalues(root @ target.voiced.covariance @ root), 0)).sum()
    spread = np.trace(moved.covariance) + np.trace(target.voiced.covariance) - 2 * cross
    return float(np.sqrt(np.square(moved.mean - target.voiced.mean).sum() + max(spread, 0.0)))


def _gain(base: Cloud, target: Cloud, warp: float, strength: float) -> tuple[Floats, Floats]:
    """What is to be added to a frame, as a function of its cepstra, decoded to the bands."""
    stretch = warping(warp)
    moved = base.mapped(stretch)
    matrix = transport(moved.covariance, target.covariance)
    whole = matrix @ stretch - np.eye(ORDER)
    offset = target.mean - matrix @ moved.mean
    return strength * whole.T @ decoding(), strength * offset @ decoding()


def transport(source: Floats, target: Floats) -> Floats:
    """M with M source Mᵀ = target, symmetric: S^-½ (S^½ T S^½)^½ S^-½."""
    root = _root(source)
    inverse = np.asarray(np.linalg.inv(root), np.float64)
    matrix: Floats = inverse @ _root(root @ target @ root) @ inverse
    return matrix


def warping(warp: float) -> Floats:
    """[ORDER, ORDER]: cepstra of the envelope stretched by `warp`, the top kept in place."""
    knee = _KNEE * TOP_HZ / max(warp, 1.0)
    hz = np.interp(BANDS_HZ, [0.0, knee * warp, TOP_HZ], [0.0, knee, TOP_HZ])
    basis = decoding()
    stretched = np.stack([np.interp(hz, BANDS_HZ, row) for row in basis])
    matrix: Floats = basis @ stretched.T
    return matrix


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    root: Floats = (vectors * np.sqrt(np.maximum(values, _LEAST))) @ vectors.T
    return root


def _eigenvalues(matrix: Floats) -> Floats:
    values: Floats = np.asarray(np.linalg.eigvalsh((matrix + matrix.T) / 2), np.float64)
    return values
