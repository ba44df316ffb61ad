"""Pocket-TTS with random weights, in the published layout: it speaks noise, at the true speed.

Needs pocket-tts.
"""

import json
import logging
import random
from pathlib import Path

import sentencepiece
import torch
from pocket_tts import TTSModel
from pocket_tts.utils.config import CONFIGS_DIR, load_config
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from wyoming_voiceclone.backends.pocket.catalogue import MODELS

_FAR = 1e6


def random_pocket(folder: Path, name: str, *, ends: bool = True, seed: int = 0) -> Path:
    """Write the model `name` into `folder`, which then is a `[engines.pocket] model`. Blocks.

    `ends`: whether each sentence ends as soon as it may, or only at the cap on its length.
    """
    about = load_config(CONFIGS_DIR / f"{name}.yaml").model_dump(mode="json")
    about["weights_path"] = about["weights_path_without_voice_cloning"] = None
    table = about["flow_lm"]["lookup_table"]
    table["tokenizer_path"] = str(_tokenizer(folder / MODELS[name].tokenizer.path, table["n_bins"]))
    weights = folder / MODELS[name].cloning.path
    weights.parent.mkdir(parents=True, exist_ok=True)
    (description := folder / f"{name}.yaml").write_text(json.dumps(about))
    logging.getLogger("pocket_tts").setLevel(logging.ERROR)  # no weights yet: we know
    model = TTSModel.load_model(config=description)
    description.unlink()
    _randomise(model, seed)
    torch.nn.init.constant_(model.flow_lm.out_eos.bias, _FAR if ends else -_FAR)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, weights)
    return folder


def _randomise(model: torch.nn.Module, seed: int) -> None:
    torch.manual_seed(seed)
    for tensor in (*model.parameters(), *model.buffers()):
        if isinstance(tensor, torch.nn.Parameter) and tensor.dim() > 1:
            # so that what goes in is still heard in what comes out
            torch.nn.init.normal_(tensor, std=tensor[0].numel() ** -0.5)
        elif torch.isnan(tensor.float()).any():  # memory as it was found
            tensor.data.zero_()


def _tokenizer(path: Path, pieces: int) -> Path:
    """Of exactly so many pieces, from made-up words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (_json_tokenizer if path.suffix == ".json" else _sentencepiece)(path, pieces)
    return path


def _json_tokenizer(path: Path, pieces: int) -> None:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=pieces, special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator(_made_up(), trainer)
    tokenizer.save(str(path))


def _sentencepiece(path: Path, pieces: int) -> None:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_made_up()),
        model_prefix=str(path.with_suffix("")),
        vocab_size=pieces,
        model_type="bpe",
        minloglevel=2,
    )
    path.with_suffix(".vocab").unlink()


def _made_up() -> list[str]:
    letters = random.Random(0)  # noqa: S311 -- words, not secrets
    words = [
        "".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=letters.randint(2, 8)))
        for _ in range(4000)
    ]
    return [" ".join([*words[at : at + 10], ". , ; : ! ? ' …"]) for at in range(0, 4000, 10)]
