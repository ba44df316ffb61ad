"""The model and its generation loop, beside moshi's own."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("moshi", reason="moshi comes with the engines: script/test --engines")

from wyoming_voiceclone.audio.chunk import Chunk  # noqa: E402
from wyoming_voiceclone.backends import Folders  # noqa: E402
from wyoming_voiceclone.backends.kyutai import KyutaiSettings  # noqa: E402
from wyoming_voiceclone.backends.kyutai.checkpoint import find_checkpoint  # noqa: E402
from wyoming_voiceclone.backends.kyutai.manner import Manner  # noqa: E402
from wyoming_voiceclone.backends.kyutai.model import KyutaiModel, load_tts  # noqa: E402
from wyoming_voiceclone.backends.kyutai.published import SIGNATURE, voice_file  # noqa: E402
from wyoming_voiceclone.backends.kyutai.speaker import read_latents  # noqa: E402
from wyoming_voiceclone.backends.kyutai.words import Words  # noqa: E402
from wyoming_voiceclone.testing.conformance import OTHER, SENTENCE  # noqa: E402

MakeSettings = Callable[..., KyutaiSettings]
ALBA, MARIUS = "alba-mackenna/casual.wav", "voice-donations/Selfie.wav"


@pytest.fixture
def model(make_settings: MakeSettings, folders: Folders) -> KyutaiModel:
    settings = make_settings()
    return KyutaiModel(find_checkpoint(settings, folders), settings, "cpu")


def steps(
    model: KyutaiModel,
    file: Path,
    text: str,
    *,
    seed: int | None = None,
    longest_s: float = 120,
    guidance: float = 2.0,
) -> Iterator[Chunk]:
    speaker = partial(read_latents, file)
    manner = Manner(0.6, guidance, longest_s, seed)
    return model.speak(speaker, Words.of(text), manner, lambda *_: None)


@pytest.mark.parametrize("codebooks", [2, 1])
def test_it_says_what_moshi_says_utterance_after_utterance(
    make_settings: MakeSettings, folders: Folders, kyutai_folder: Path, codebooks: int
) -> None:
    settings = make_settings().model_copy(update={"codebooks": codebooks})
    checkpoint = find_checkpoint(settings, folders)
    moshi = load_tts(checkpoint, settings, "cpu")
    model = KyutaiModel(checkpoint, settings, "cpu")
    for path, text, guidance in ((ALBA, OTHER, 2.0), (MARIUS, SENTENCE, 4.0), (ALBA, OTHER, 2.0)):
        file = kyutai_folder / "voices" / voice_file(path, SIGNATURE)
        torch.manual_seed(5)
        expected = moshi.simple_generate(text, str(file), guidance, show_progress=False)[0]
        torch.manual_seed(5)
        heard = np.concatenate([*steps(model, file, text, guidance=guidance)])
        assert len(heard) == len(expected)
        assert np.abs(heard - expected.numpy()).max() < 1e-5


def test_streamed_is_decoded_whole(model: KyutaiModel) -> None:
    codes = torch.randint(0, 2048, (1, 2, 60), generator=torch.Generator().manual_seed(1))
    streamed = np.concatenate([*model.decoded(iter(codes.split(1, -1)))])
    model.codec._stop_streaming()
    with torch.no_grad():
        whole = model.codec.decode(codes).clamp(-1, 1)[0, 0].numpy()
    assert np.abs(whole).max() > 0.1
    assert len(streamed) == 58 * 1920
    assert np.abs(streamed - whole[2 * 1920 :]).max() < 1e-5


def test_who_was_interrupted_leaves_no_trace(model: KyutaiModel, kyutai_folder: Path) -> None:
    alba = kyutai_folder / "voices" / voice_file(ALBA, SIGNATURE)
    marius = kyutai_folder / "voices" / voice_file(MARIUS, SIGNATURE)
    before = np.concatenate([*steps(model, alba, OTHER, seed=1)])
    other = steps(model, marius, SENTENCE, seed=2)
    for _ in range(25):
        next(other)
    other.close()  # type: ignore[attr-defined]
    assert np.array_equal(np.concatenate([*steps(model, alba, OTHER, seed=1)]), before)


def test_sound_comes_when_the_text_has_run_ahead(model: KyutaiModel, kyutai_folder: Path) -> None:
    file = kyutai_folder / "voices" / voice_file(ALBA, SIGNATURE)
    sizes = [len(chunk) for chunk in steps(model, file, SENTENCE, seed=1)]
    silent = 16 + 2 + 2  # the text's lead, the codebooks' delay, the click
    assert sizes[:silent] == [0] * silent
    assert set(sizes[silent:]) == {1920}


def test_it_never_speaks_longer_than_it_may(model: KyutaiModel, kyutai_folder: Path) -> None:
    file = kyutai_folder / "voices" / voice_file(ALBA, SIGNATURE)
    endless = " ".join([SENTENCE] * 20)
    heard = np.concatenate([*steps(model, file, endless, longest_s=2.0)])
    assert 1.5 * 24_000 < len(heard) <= 2 * 24_000
