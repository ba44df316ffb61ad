"""What is heard piece by piece is what the library makes of the whole."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from wyoming_voiceclone.audio.chunk import Chunk  # noqa: E402
from wyoming_voiceclone.backends import SynthesisRequest  # noqa: E402
from wyoming_voiceclone.backends.xtts.languages import LANGUAGES  # noqa: E402
from wyoming_voiceclone.backends.xtts.person import Person  # noqa: E402
from wyoming_voiceclone.backends.xtts.seat import Saying, Seat  # noqa: E402
from wyoming_voiceclone.backends.xtts.settings import XttsSettings, sampling  # noqa: E402
from wyoming_voiceclone.backends.xtts.vocoder import CONTEXT, SpokenSound  # noqa: E402

pytestmark = pytest.mark.timeout(180)

DRAWN = sampling(XttsSettings(), SynthesisRequest("", ""))
CLOSE = 2e-6
"""Of sounds that peak at 0.03: rounding, 80 dB below them."""


def person(model: Any) -> Person:
    torch.manual_seed(1)
    width, size = model.args.gpt_n_model_channels, model.args.d_vector_dim
    return Person(torch.randn(1, 32, width), torch.randn(1, size, 1))


def streamed(model: Any, latents: Any, speed: float, sizes: Sequence[int]) -> list[Chunk]:
    sound = SpokenSound(model.hifigan_decoder, person(model).sound, speed)
    chunks, begin = [], 0
    for size in sizes:
        for latent in latents[begin : begin + size]:
            sound.add(latent[None])
        chunks.append(sound.ready())
        begin += size
    return [*chunks, sound.finish()]


def whole(model: Any, latents: Any, speed: float) -> Chunk:
    """As `inference_stream` of the library does it, in one chunk."""
    with torch.inference_mode():
        stretched = latents[None]
        if speed != 1.0:
            stretched = torch.nn.functional.interpolate(
                stretched.transpose(1, 2), scale_factor=1.0 / speed, mode="linear"
            ).transpose(1, 2)
        decoded: Chunk = model.hifigan_decoder(stretched, g=person(model).sound).numpy().ravel()
    return decoded


@pytest.mark.parametrize(
    ("speed", "sizes"),
    [
        (1.0, [8, 6]),
        (1.0, [1] * 14),
        (1.0, [4, 7, 3]),
        (0.7, [4, 10]),
        (1.3, [5, 5, 4]),
        (2.0, [12, 2]),
    ],
)
def test_in_pieces_it_sounds_as_in_one(model: Any, speed: float, sizes: list[int]) -> None:
    torch.manual_seed(2)
    latents = torch.randn(14, model.args.gpt_n_model_channels)
    chunks = streamed(model, latents, speed, sizes)
    expected = whole(model, latents, speed)
    heard = np.concatenate(chunks)
    assert len(heard) == len(expected)
    assert np.abs(heard - expected).max() < CLOSE
    assert np.abs(expected).max() > 0.01


def test_a_frame_is_heard_as_far_as_the_context_and_no_further(model: Any) -> None:
    frames = torch.randn(1, model.args.decoder_input_dim, 50)
    other = frames.clone()
    other[..., 25] += 100
    with torch.inference_mode():
        one, two = (
            model.hifigan_decoder.waveform_decoder(f, g=person(model).sound)
            for f in (frames, other)
        )
    (heard,) = np.nonzero((one - two).abs().reshape(50, 256).amax(1).numpy() > 1e-7)
    assert 25 - CONTEXT <= heard.min() < 25 - CONTEXT // 2
    assert 25 + CONTEXT // 2 < heard.max() <= 25 + CONTEXT


def test_the_first_sound_is_there_after_eight_tokens(model: Any) -> None:
    latents = torch.randn(8, model.args.gpt_n_model_channels)
    first, _ = streamed(model, latents, 1.0, [8])
    assert 0.15 < len(first) / 24_000 < 0.25


def test_one_token_is_a_sound_too(model: Any) -> None:
    latents = torch.randn(1, model.args.gpt_n_model_channels)
    nothing, rest = streamed(model, latents, 1.0, [1])
    assert len(nothing) == 0
    assert np.abs(rest - whole(model, latents, 1.0)).max() < CLOSE


@pytest.mark.parametrize("speed", [1.0, 1.5])
def test_a_sentence_is_what_the_librarys_own_stream_says(model: Any, speed: float) -> None:
    somebody = person(model)
    saying = Saying("Good Morning, Ada.", LANGUAGES["en"], somebody.tensors(), speed, DRAWN, 8, 20)
    torch.manual_seed(3)
    ours = np.concatenate([*Seat(model).speak(saying)])
    model.gpt.init_gpt_for_inference()
    torch.manual_seed(3)
    (theirs,) = model.inference_stream(
        saying.text, "en", somebody.manner, somebody.sound, 0, speed=speed, **DRAWN
    )
    assert len(ours) == len(theirs)
    assert np.abs(ours - theirs.numpy()).max() < CLOSE
