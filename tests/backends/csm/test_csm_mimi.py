"""Mimi piece by piece is Mimi as a whole."""

from typing import Any

import pytest

torch = pytest.importorskip(
    "torch", reason="torch and transformers come with the engines: script/test --engines"
)

from wyoming_voiceclone.backends.csm.mimi import MimiStream  # noqa: E402
from wyoming_voiceclone.errors import BackendError  # noqa: E402
from wyoming_voiceclone.testing.random_csm import randomize_codec  # noqa: E402

from transformers import MimiConfig, MimiModel  # noqa: E402 # isort: skip


def whole(mimi: Any, codes: Any) -> Any:
    with torch.inference_mode():
        return mimi.decode(codes.T[None]).audio_values[0, 0]


def streamed(mimi: Any, codes: Any, sizes: list[int]) -> Any:
    stream = MimiStream(mimi)
    return torch.cat([stream.feed(piece) for piece in codes.split(sizes)])


def split(frames: int, kind: str) -> list[int]:
    if kind == "growing":
        sizes = [1, 2, 4, 8]
        sizes += [8] * ((frames - sum(sizes)) // 8)
        return [*sizes, frames - sum(sizes)]
    size = {"single frames": 1, "sevens": 7, "half and half": frames // 2, "whole": frames}[kind]
    return [size] * (frames // size) + [frames % size] * bool(frames % size)


@pytest.mark.parametrize("kind", ["single frames", "growing", "sevens", "half and half", "whole"])
def test_streamed_is_whole_even_beyond_what_its_transformer_sees(csm: Any, kind: str) -> None:
    mimi = csm.network.codec_model
    frames = 140  # 280 positions of its transformer, whose window is 250
    codes = torch.randint(csm.codes, (frames, 4))
    expected = whole(mimi, codes)
    heard = streamed(mimi, codes, split(frames, kind))
    assert expected.std() > 0.1, "silence would prove nothing"
    assert heard.shape == expected.shape == (frames * 1920,)
    assert (heard - expected).abs().max() <= 1e-5


@pytest.mark.timeout(180)
def test_streamed_is_whole_at_full_size() -> None:
    torch.manual_seed(0)
    mimi = MimiModel(MimiConfig(num_quantizers=32)).eval()
    randomize_codec(mimi)
    codes = torch.randint(2048, (20, 32))
    expected = whole(mimi, codes)
    for sizes in ([1] * 20, [1, 2, 4, 8, 5], [13, 7]):
        assert (streamed(mimi, codes, sizes) - expected).abs().max() <= 1e-5
    assert expected.std() > 0.1


def test_two_streams_of_one_codec_know_nothing_of_each_other(csm: Any) -> None:
    mimi = csm.network.codec_model
    ours, theirs = torch.randint(csm.codes, (2, 6, 4))
    one, other = MimiStream(mimi), MimiStream(mimi)
    heard = []
    for frame, another in zip(ours.split(2), theirs.split(2), strict=True):
        heard.append(one.feed(frame))
        other.feed(another)
    assert torch.equal(torch.cat(heard), streamed(mimi, ours, [2, 2, 2]))


@pytest.mark.parametrize("wrong", [128, 130, 2**40, -1])
def test_an_id_that_is_no_code_never_reaches_the_codec(csm: Any, wrong: int) -> None:
    stream = MimiStream(csm.network.codec_model)
    codes = torch.zeros(3, 4, dtype=torch.long)
    codes[1, 2] = wrong
    with pytest.raises(BackendError, match="codes end at 127"):
        stream.feed(codes)
