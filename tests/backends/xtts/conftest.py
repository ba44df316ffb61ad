"""XTTS v2 with random weights, as it is published: its own classes write the files."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from wyoming_voiceclone.backends.weights import FetchedWeights
from wyoming_voiceclone.backends.xtts import XttsSettings
from wyoming_voiceclone.backends.xtts.languages import LANGUAGES

WIDTH = 128
TOKENS = 16
"""As long as it speaks at once: 0.7 s; random weights never end."""
STOP = 1025

Make = Callable[..., Any]


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    """Threads that wait for one another on a busy machine take ten times as long."""
    import torch  # noqa: PLC0415

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def folder(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """In the published layout, 100 MB: the vocoder's size is not to be chosen."""
    return written(tmp_path_factory.mktemp("xtts"), TOKENS)


@pytest.fixture(scope="session")
def patient_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As published, it speaks up to 28 s at once."""
    return written(tmp_path_factory.mktemp("patient-xtts"), 602)


@pytest.fixture(scope="session")
def model(folder: Path) -> Any:
    """The library's, loaded."""
    from wyoming_voiceclone.backends.xtts.library import load_model  # noqa: PLC0415

    return load_model(folder, "cpu")


@pytest_asyncio.fixture
async def make(folder: Path) -> AsyncIterator[Make]:
    """Makes backends of these settings, and closes them."""
    made: list[Any] = []

    async def made_of(where: Path = folder, **settings: Any) -> Any:
        from wyoming_voiceclone.backends.xtts.backend import XttsBackend  # noqa: PLC0415

        wanted = XttsSettings(device="cpu", **settings)
        backend = await asyncio.to_thread(XttsBackend, wanted, FetchedWeights(where, "c0ffee"))
        made.append(backend)
        return backend

    yield made_of
    for backend in made:
        await backend.aclose()


def written(folder: Path, tokens: int) -> Path:
    """Published names and layouts; a narrow language model of two layers."""
    import torch  # noqa: PLC0415

    from wyoming_voiceclone.backends.xtts.library import library  # noqa: PLC0415

    parts = library()
    torch.manual_seed(0)
    config = small(parts.XttsConfig(), tokens, vocabulary(folder / "vocab.json"))
    model = parts.Xtts(config)
    with torch.no_grad():
        model.gpt.mel_head.bias[STOP] = -100.0  # it never ends by itself
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    people = {name: somebody() for name in ("Claribel Dervla", "Alma María")}
    torch.save(people, folder / "speakers_xtts.pth")
    config.save_json(str(folder / "config.json"))
    return folder


def small(config: Any, tokens: int, text_tokens: int) -> Any:
    args = config.model_args
    args.gpt_number_text_tokens = text_tokens
    args.gpt_num_audio_tokens, args.gpt_start_audio_token, args.gpt_stop_audio_token = (
        1026,
        1024,
        STOP,
    )
    args.gpt_start_text_token, args.gpt_stop_text_token = text_tokens - 1, 0
    args.gpt_use_perceiver_resampler = args.gpt_use_masking_gt_prompt_approach = True
    args.gpt_layers, args.gpt_n_model_channels, args.gpt_n_heads = 2, WIDTH, 2
    args.decoder_input_dim = WIDTH
    args.gpt_max_audio_tokens = tokens + 3  # of which three are not spoken
    config.gpt_cond_len = config.max_ref_len = 30  # as published
    return config


def vocabulary(path: Path) -> int:
    """One token for each letter and command; returns how many."""
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415

    languages = (f"[{language.code}]" for language in LANGUAGES.values())
    commands = ["[STOP]", "[UNK]", "[SPACE]", *languages]
    tokens = [*commands, *"abcdefghijklmnopqrstuvwxyz.,!?'", "[START]"]
    made = Tokenizer(
        models.BPE(vocab={t: n for n, t in enumerate(tokens)}, merges=[], unk_token="[UNK]")  # noqa: S106
    )
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens([*commands, "[START]"])
    made.save(str(path))
    return len(tokens)


def somebody() -> dict[str, Any]:
    import torch  # noqa: PLC0415

    sound = torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1)
    return {"gpt_cond_latent": torch.randn(1, 32, WIDTH), "speaker_embedding": sound}
