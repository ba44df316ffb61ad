"""One voice's statistics become another's."""

from dataclasses import replace

import numpy as np
import pytest

from wyoming_voiceclone.backends.match.envelope import ORDER, decoding
from wyoming_voiceclone.backends.match.statistics import Cloud, VoiceStatistics
from wyoming_voiceclone.backends.match.transport import conversion, transport, warping
from wyoming_voiceclone.voices import Reference


def statistics(reference: Reference) -> VoiceStatistics:
    return VoiceStatistics.of_speech(reference.samples.astype(np.float64), reference.rate)


def test_transport_gives_one_cloud_the_spread_of_the_other() -> None:
    random = np.random.default_rng(1)
    one, other = (np.cov(random.normal(size=(ORDER, 400))) for _ in range(2))
    matrix = transport(one, other)
    assert np.allclose(matrix @ one @ matrix.T, other)
    assert np.allclose(matrix, matrix.T)


def test_no_warp_changes_nothing_and_a_warp_moves_formants() -> None:
    assert np.allclose(warping(1.0), np.eye(ORDER))
    bands = np.arange(64)
    formant = np.exp(-(((bands - 30) / 4.0) ** 2)) @ decoding().T
    peaks = [int((warping(warp) @ formant @ decoding()).argmax()) for warp in (0.85, 1.0, 1.2)]
    assert peaks == sorted(set(peaks))


def test_a_voice_is_not_moved_toward_itself(low: Reference) -> None:
    own = statistics(low)
    way = conversion(own, own)
    assert way.warp == 1.0
    assert way.effort < 1e-3
    for matrix, offset in (way.voiced, way.unvoiced):
        assert np.abs(matrix).max() < 1e-3
        assert np.abs(offset).max() < 1e-3


def test_strength_says_how_far(low: Reference, high: Reference) -> None:
    one, other = statistics(low), statistics(high)
    hz = np.array([0.0, np.exp(one.log_f0)])
    pitches = [conversion(one, other, strength).shifted(hz)[1] for strength in (0, 0.5, 1)]
    assert pitches[0] == pytest.approx(np.exp(one.log_f0))
    assert pitches[2] == pytest.approx(np.exp(other.log_f0), rel=1e-3)
    assert pitches[0] < pitches[1] < pitches[2]
    assert not conversion(one, other, 0).voiced[0].any()


def test_how_loud_a_recording_is_does_not_matter(low: Reference, high: Reference) -> None:
    one, other = statistics(low), statistics(high)
    quieter = np.where(np.arange(ORDER) == 0, 8 * np.log(0.1), 0)  # 20 dB in all 64 bands
    clouds = [Cloud(c.mean + quieter, c.covariance) for c in (other.voiced, other.unvoiced)]
    quiet = replace(other, voiced=clouds[0], unvoiced=clouds[1])
    ways = [conversion(one, found) for found in (other, quiet)]
    assert np.allclose(ways[0].voiced[1], ways[1].voiced[1])
    assert np.allclose(ways[0].unvoiced[1], ways[1].unvoiced[1])


def test_statistics_survive_as_a_few_kilobytes(low: Reference, high: Reference) -> None:
    own = statistics(low)
    tensors = own.tensors()
    assert sum(tensor.nbytes for tensor in tensors.values()) < 10_000
    again = VoiceStatistics.from_tensors(tensors)
    assert np.allclose(again.voiced.covariance, own.voiced.covariance, atol=1e-4)
    assert conversion(own, again).effort < 0.1 < conversion(own, statistics(high)).effort


@pytest.mark.parametrize("harm", ["missing", "short", "nan"])
def test_damaged_statistics_are_told(low: Reference, harm: str) -> None:
    tensors = dict(statistics(low).tensors())
    if harm == "missing":
        del tensors["pitch"]
    elif harm == "short":
        tensors["voiced.mean"] = tensors["voiced.mean"][:-1]
    else:
        tensors["unvoiced.covariance"] = tensors["unvoiced.covariance"] * np.float32("nan")
    with pytest.raises(ValueError, match=r"pitch|version|finite"):
        VoiceStatistics.from_tensors(tensors)
