"""CSM with random weights, in the layout that sesame/csm-1b is published in; needs the library.

It babbles: good for everything but listening.
"""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from wyoming_voiceclone.backends.csm import library  # before transformers: see there

from transformers import (  # isort: skip
    CsmConfig,
    CsmProcessor,
    EncodecFeatureExtractor,
    PreTrainedTokenizerFast,
)

_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 32.0,
    "high_freq_factor": 0.5,
    "low_freq_factor": 0.125,
    "original_max_position_embeddings": 1024,
}
_DEPTH_ROPE = _ROPE | {
    "high_freq_factor": 0.0078125,
    "low_freq_factor": 0.001953125,
    "original_max_position_embeddings": 16,
}
_MARKS = ("<|begin_of_text|>", "<|end_of_text|>", "<|AUDIO|>", "<|audio_eos|>")
_BYTES = 256
_SPEECH = 0.1
"""Of what comes of random weights: about as loud as speech, RMS .3 to .5."""
TEMPLATE = (
    "{%- for m in messages -%}{%- for c in m.content -%}"
    "{{ '<|begin_of_text|>[' + m.role + ']' if loop.first }}"
    "{%- if c.type == 'text' -%}{{ c.text }}<|end_of_text|>"
    "{%- elif c.type == 'audio' -%}<|AUDIO|><|audio_eos|>{%- endif -%}"
    "{%- endfor -%}{%- endfor -%}"
)


def tiny_sizes(codebooks: int = 4) -> dict[str, Any]:
    """A model of 0.7 million parameters; as in the real one, it knows 3 ids that are no code."""
    vocabulary = 131
    return {
        "num_codebooks": codebooks,
        "vocab_size": vocabulary,
        "codebook_pad_token_id": vocabulary - 1,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "text_vocab_size": 300,
        "initializer_range": 0.1,  # with less, chance alone decides what is said
        "rope_parameters": _ROPE | {"original_max_position_embeddings": 256},
        "depth_decoder_config": {
            "num_codebooks": codebooks,
            "backbone_hidden_size": 64,
            "vocab_size": vocabulary,
            "initializer_range": 0.1,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": codebooks + 1,
            "rope_parameters": _DEPTH_ROPE | {"original_max_position_embeddings": 2},
        },
        "codec_config": {
            "model_type": "mimi",
            "hidden_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 32,
            "intermediate_size": 64,
            "num_filters": 8,
            "codebook_dim": 32,
            "vector_quantization_hidden_dimension": 32,
            "num_quantizers": codebooks,
            "codebook_size": vocabulary - 3,
            "upsample_groups": 64,
        },
    }


def full_sizes() -> dict[str, Any]:
    """Those of sesame/csm-1b: 1.6 billion parameters, 6.5 GB."""
    codec = {"model_type": "mimi", "num_quantizers": 32}
    return {"rope_parameters": _ROPE, "codec_config": codec} | {
        "depth_decoder_config": {"rope_parameters": _DEPTH_ROPE}
    }


def save_random_csm(
    folder: Path, sizes: dict[str, Any], *, shard: str = "1MB", dtype: torch.dtype = torch.float32
) -> None:
    """Weights in shards that config.json names, tokenizer and processor."""
    config = CsmConfig(
        **sizes,
        codebook_eos_token_id=0,
        bos_token_id=_BYTES,
        pad_token_id=_BYTES + 1,
        audio_token_id=_BYTES + 2,
        audio_eos_token_id=_BYTES + 3,
    )
    torch.manual_seed(0)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        network = library.CsmForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(usual)
    randomize_codec(network.codec_model)
    network.save_pretrained(folder, max_shard_size=shard)
    _name_shards(folder)
    _write_older_config(folder / "config.json")
    _processor().save_pretrained(folder)


def randomize_codec(mimi: Any) -> None:
    """Codebooks begin empty, and every code would sound the same; then it would be too loud."""
    for name, buffer in mimi.named_buffers():
        if name.endswith("embed_sum"):
            buffer.normal_()
        elif name.endswith("cluster_usage"):
            buffer.fill_(1)
    loudest = mimi.decoder.decoder_seanet.layers[-1].conv
    for parameter in loudest.parameters():
        parameter.data *= _SPEECH


def _name_shards(folder: Path) -> None:
    """As published: `model.safetensors` there is the same in another program's layout."""
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    names = content["weight_map"]
    content["weight_map"] = {
        key: name.replace("model-", "transformers-") for key, name in names.items()
    }
    for name in set(names.values()):
        (folder / name).rename(folder / name.replace("model-", "transformers-"))
    (folder / "transformers.safetensors.index.json").write_text(json.dumps(content))
    index.unlink()


def _write_older_config(file: Path) -> None:
    """It was published by transformers 4.52, which wrote positions down in two keys."""
    config = json.loads(file.read_text())
    config["transformers_weights"] = "transformers.safetensors.index.json"
    for part in (config, config["depth_decoder_config"]):
        scaling = part.pop("rope_parameters")
        part["rope_theta"] = scaling.pop("rope_theta")
        part["rope_scaling"] = scaling
    file.write_text(json.dumps(config))


def _processor() -> Any:
    """It spells texts as bytes; four marks follow them."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    spelling = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    spelling.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    spelling.decoder = decoders.ByteLevel()
    spelling.add_special_tokens([AddedToken(mark, special=True) for mark in _MARKS])
    begin, end, *_ = _MARKS
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=spelling, bos_token=begin, eos_token=end, pad_token=end
    )
    extractor = EncodecFeatureExtractor(feature_size=1, sampling_rate=24_000)
    return CsmProcessor(extractor, tokenizer, chat_template=TEMPLATE)
