"""A tiny Kyutai TTS with random weights in its published layout, its voices, and its encoder."""

import asyncio
import copy
import json
import os
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.kyutai import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.published import SIGNATURE, voice_file
from wyoming_voiceclone.testing.conformance import OTHER, SENTENCE

MakeSettings = Callable[..., KyutaiSettings]
WriteVoice = Callable[..., Path]

os.environ.setdefault("NO_TORCH_COMPILE", "1")  # moshi reads it when a test imports it

_TEXT_CARD = 1000
_CODEBOOKS = 2
_GUIDANCES = ["1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0"]
_CONDITIONERS: dict[str, Any] = {
    "speaker_wavs": {"type": "tensor", "tensor": {"dim": 512}},
    "cfg": {
        "type": "lut",
        "lut": {"n_bins": 7, "dim": 16, "tokenizer": "noop", "possible_values": _GUIDANCES},
    },
    "control": {
        "type": "lut",
        "lut": {"n_bins": 1, "dim": 64, "tokenizer": "noop", "possible_values": ["ok"]},
    },
}
_CONFIG: dict[str, Any] = {
    "card": 2048,
    "n_q": _CODEBOOKS,
    "dep_q": _CODEBOOKS,
    "delays": [0, 0] + [2] * (_CODEBOOKS - 1),
    "dim": 64,
    "text_card": _TEXT_CARD,
    "existing_text_padding_id": 3,
    "num_heads": 4,
    "num_layers": 1,
    "hidden_scale": 4.125,
    "causal": True,
    "layer_scale": None,
    "context": 500,
    "max_period": 10000,
    "gating": "silu",
    "norm": "rms_norm_f32",
    "positional_embedding": "rope",
    "depformer_dim": 32,
    "depformer_num_heads": 2,
    "depformer_num_layers": 1,
    "depformer_dim_feedforward": 64,
    "depformer_multi_linear": True,
    "depformer_pos_emb": "none",
    "depformer_weights_per_step": True,
    "depformer_low_rank_embeddings": 16,
    "depformer_weights_per_step_schedule": [0, 1],
    "demux_second_stream": True,
    "text_card_out": None,
    "cross_attention": True,
    "conditioners": _CONDITIONERS,
    "fuser": {
        "cross_attention_pos_emb": True,
        "cross_attention_pos_emb_scale": 1,
        "sum": ["control", "cfg"],
        "prepend": [],
        "cross": ["speaker_wavs"],
    },
}
"""That of tts-1.6b-en_fr, made small; the text stream, the delays and the voices are as there."""
_PUBLISHED: dict[str, Any] = {
    "tts_config": {"audio_delay": 1.28, "second_stream_ahead": 2},
    "model_id": {"sig": "1e68beda", "epoch": 240},
    "model_type": "tts",
    "lm_gen_config": {"temp": 0.6, "text_temp": 0.6},
    "tokenizer_name": "tokenizer_spm_8k_en_fr_audio.model",
    "mimi_name": "tokenizer-e351c8d8-checkpoint125.safetensors",
    "mimi_config_name": "mimi.json",
    "moshi_name": f"dsm_tts_{SIGNATURE}.safetensors",
}


@pytest.fixture(scope="session")
def kyutai_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`model/`, and `voices/` with two free ones and one that is not for commercial use."""
    _torch().set_num_threads(1)  # the machine has others to serve
    folder = tmp_path_factory.mktemp("kyutai")
    (folder / "model").mkdir()
    _write_model(folder / "model")
    paths = ("alba-mackenna/casual.wav", "voice-donations/Selfie.wav")
    for seed, path in enumerate((*paths, "ears/p010/freeform_speech_01.wav")):
        _write_voice(folder / "voices", path, seed)
    return folder


@pytest.fixture
def make_settings(kyutai_folder: Path) -> MakeSettings:
    def make(**settings: Any) -> KyutaiSettings:
        whole = {"model": str(kyutai_folder / "model"), "voices": str(kyutai_folder / "voices")}
        return KyutaiSettings.model_validate(whole | {"device": "cpu"} | settings)

    return make


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


@pytest_asyncio.fixture
async def kyutai(make_settings: MakeSettings, folders: Folders) -> AsyncIterator[Any]:
    """The backend."""
    from wyoming_voiceclone.backends.kyutai.backend import KyutaiBackend  # noqa: PLC0415

    backend = await asyncio.to_thread(KyutaiBackend, make_settings(), folders)
    yield backend
    await backend.aclose()


@pytest.fixture
def write_voice() -> WriteVoice:
    """Puts a voice for the recording at a path into a folder."""
    return _write_voice


@pytest.fixture
def write_encoder() -> Callable[[Path, dict[str, str] | None], None]:
    """Writes a cloning encoder with the notes given: a Mimi of 16 codebooks."""
    return _write_encoder


def _write_model(folder: Path) -> None:
    """1.2 million weights and a codec of 4 million."""
    torch, loaders = _torch(), _loaders()
    (folder / "config.json").write_text(json.dumps(_CONFIG | _PUBLISHED))
    (folder / "mimi.json").write_text(json.dumps(_codec(32)))
    _write_tokenizer(folder / _PUBLISHED["tokenizer_name"])
    torch.manual_seed(0)
    lm = loaders.get_moshi_lm(None, copy.deepcopy(_CONFIG), device="cpu", dtype=torch.bfloat16)
    for name, weight in lm.named_parameters():
        if "alpha" in name or "norm" in name:
            torch.nn.init.ones_(weight)
        elif weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.1)
    _make_hasty(lm)
    _save(lm, folder / _PUBLISHED["moshi_name"])
    _save(_mimi(32), folder / _PUBLISHED["mimi_name"])


def _make_hasty(lm: Any) -> None:
    """Have it ask for the next word as soon as it may: random ones wait as long as they may."""
    control = lm.condition_provider.conditioners["control"]
    always = control.output_proj(control.embed.weight[0]).detach()
    control.embed.weight.data[0] *= 2 / always.norm()
    lm.text_linear.weight.data[0] = 4 * always / always.norm()


def _write_voice(folder: Path, path: str, seed: int, signature: str = SIGNATURE) -> Path:
    file = folder / voice_file(path, signature)
    file.parent.mkdir(parents=True, exist_ok=True)
    torch = _torch()
    latents = torch.randn(1, 512, 125, generator=torch.Generator().manual_seed(seed))
    sig, epoch = signature.split("@")
    _safetensors().save_file({"speaker_wavs": latents}, file, {"sig": sig, "epoch": epoch})
    return file


def _write_encoder(file: Path, notes: dict[str, str] | None) -> None:
    _torch().manual_seed(1)
    mimi = _mimi(16)
    for name, weight in mimi.named_parameters():  # so that different people differ, by 0.7
        if name.startswith(("encoder.", "downsample.")):
            weight.data.mul_(0 if weight.dim() == 1 else 2.25)
    _save(mimi, file, notes)


def _codec(codebooks: int) -> dict[str, Any]:
    codec: dict[str, Any] = copy.deepcopy(_loaders()._mimi_config)
    codec["seanet"].update(n_filters=4)
    codec["transformer"].update(num_layers=1, dim_feedforward=64)
    codec["quantizer"]["n_q"] = codebooks
    return codec


def _mimi(codebooks: int) -> Any:
    mimi = _loaders().get_mimi(None, _codec(codebooks), device="cpu", num_codebooks=codebooks)
    for name, buffer in mimi.named_buffers():  # codebooks start empty
        if "embedding_sum" in name:
            buffer.normal_()
        elif "cluster_usage" in name or "_initialized" in name:
            buffer.fill_(1)
    return mimi


def _save(model: Any, file: Path, notes: dict[str, str] | None = None) -> None:
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    _safetensors().save_file(tensors, file, notes)


def _write_tokenizer(file: Path) -> None:
    """Exactly as many pieces as the model has, from made-up words."""
    rng, letters = random.Random(0), "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 8))) for _ in range(3000)]
    words += [*f"{SENTENCE} {OTHER}".split() * 40, *["a" * 64] * 40]  # few pieces, few steps
    _library("sentencepiece").SentencePieceTrainer.train(
        sentence_iterator=iter(" ".join(words[i : i + 10]) for i in range(0, len(words), 10)),
        model_prefix=str(file.with_suffix("")),
        vocab_size=_TEXT_CARD,
        model_type="bpe",
        minloglevel=2,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=3,
        user_defined_symbols=[f"<x{i}>" for i in range(_TEXT_CARD - 600)],
    )


def _library(name: str) -> Any:
    reason = f"{name} comes with the engines: script/test --engines"
    return pytest.importorskip(name, reason=reason)


def _torch() -> Any:
    return _library("torch")


def _loaders() -> Any:
    return _library("moshi.models.loaders")


def _safetensors() -> Any:
    return _library("safetensors.torch")
