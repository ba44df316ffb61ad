"""Who judges matched voices: no fit to a person looks at them.

Resemblyzer and DNSMOS carry their weights in their packages; so does pocketsphinx. The second
measure of likeness is made here: a GMM-UBM score (Reynolds, Quatieri and Dunn, 2000) of MFCCs.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import librosa  # type: ignore[import-not-found]
import numpy as np
import numpy.typing as npt
import soxr
from pocketsphinx import Decoder  # type: ignore[import-not-found]
from resemblyzer import VoiceEncoder  # type: ignore[import-not-found]
from sklearn.mixture import GaussianMixture  # type: ignore[import-not-found]
from speechmos import dnsmos  # type: ignore[import-not-found]

Clip = tuple[npt.NDArray[np.float32], int]
"""Samples and their rate."""
Vector = npt.NDArray[np.float64]
_RATE = 16_000
_LEVEL = 0.05
_COMPONENTS, _RELEVANCE = 32, 16.0


def at_16_khz(clip: Clip) -> npt.NDArray[np.float32]:
    samples = soxr.resample(*clip, _RATE)
    level = float(np.sqrt(np.mean(np.square(samples)))) + 1e-9
    return np.asarray(np.clip(samples * (_LEVEL / level), -1, 1), np.float32)


class Verifier:
    """Cosine similarity of Resemblyzer's embeddings, each the mean over some clips."""

    def __init__(self) -> None:
        self._encoder = VoiceEncoder("cpu", verbose=False)

    def embedding(self, clips: Sequence[Clip]) -> Vector:
        mean = np.mean([self._encoder.embed_utterance(at_16_khz(clip)) for clip in clips], axis=0)
        return np.asarray(mean / np.linalg.norm(mean), float)


class Mixture:
    """Log likelihood ratio per frame: a person's adapted mixture against everybody's."""

    def __init__(self, people: Mapping[str, Sequence[Clip]]) -> None:
        features = {name: self._features(clips) for name, clips in people.items()}
        self._everybody = GaussianMixture(
            _COMPONENTS, covariance_type="diag", reg_covar=1e-2, random_state=0, max_iter=60
        ).fit(np.concatenate(list(features.values())))
        self._person = {name: self._adapted(found) for name, found in features.items()}

    def score(self, clips: Sequence[Clip], name: str) -> float:
        features = self._features(clips)
        return float(self._person[name].score(features) - self._everybody.score(features))

    def _adapted(self, features: Vector) -> Any:
        shares = self._everybody.predict_proba(features)
        weight = shares.sum(axis=0)[:, None]
        means = shares.T @ features / np.maximum(weight, 1e-6)
        part = weight / (weight + _RELEVANCE)
        person = GaussianMixture(_COMPONENTS, covariance_type="diag")
        person.weights_, person.covariances_ = (
            self._everybody.weights_,
            self._everybody.covariances_,
        )
        person.means_ = part * means + (1 - part) * self._everybody.means_
        person.precisions_cholesky_ = self._everybody.precisions_cholesky_
        return person

    @staticmethod
    def _features(clips: Sequence[Clip]) -> Vector:
        found = []
        for clip in clips:
            samples = at_16_khz(clip)
            mfcc = librosa.feature.mfcc(y=samples, sr=_RATE, n_mfcc=20, hop_length=160, n_fft=512)
            loud = mfcc[0] > np.percentile(mfcc[0], 95) - 150  # pauses left out
            found.append(mfcc[1:, loud].T)
        return np.asarray(np.concatenate(found), float)


def naturalness(clips: Sequence[Clip]) -> float:
    """Mean of DNSMOS's overall opinion score."""
    scores = [dnsmos.run(at_16_khz(clip), sr=_RATE)["ovrl_mos"] for clip in clips]
    return float(np.mean(scores))


class Recogniser:
    """pocketsphinx: weak, and the same for everybody."""

    def __init__(self) -> None:
        self._decoder = Decoder(samprate=float(_RATE), loglevel="FATAL")

    def words(self, clip: Clip) -> list[str]:
        self._decoder.start_utt()
        pcm = (np.clip(at_16_khz(clip) * 2, -1, 1) * 32767).astype(np.int16).tobytes()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return words_of(hypothesis.hypstr if hypothesis else "")


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, insertions and deletions."""
    row = list(range(len(heard) + 1))
    for i, wanted in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, found in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (wanted != found))
    return row[-1]
