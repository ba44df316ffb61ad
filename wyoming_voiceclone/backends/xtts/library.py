"""The library: coqui-tts, imported where torchaudio may be broken, and a model loaded with it."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from wyoming_voiceclone.backends.devices import device_for
from wyoming_voiceclone.backends.xtts.checkpoint import weights_in
from wyoming_voiceclone.backends.xtts.vocoder import without_weight_norm


def load_model(folder: Path, wanted: str) -> Any:
    """The library's Xtts with the weights in `folder`, ready to speak. Blocks for seconds.

    Raises BackendUnavailable. Nothing in a checkpoint is run, and the folder is left as it is: the
    library's own `load_checkpoint` writes the published `model.pth` anew.
    """
    device = device_for(wanted, "xtts")
    weights = weights_in(folder / "model.pth")
    parts = library()
    config = parts.XttsConfig()
    config.load_json(str(folder / "config.json"))
    config.model_args.gpt_number_text_tokens = None  # so that the language model is made once:
    model = parts.Xtts(config)
    model.tokenizer = parts.VoiceBpeTokenizer(vocab_file=str(folder / "vocab.json"))
    model.init_models()  # here
    model.load_state_dict(weights)
    without_weight_norm(model.hifigan_decoder)
    torch.nn.Module.eval(model)  # its own one would prepare to speak: each seat does
    return model.to(device)


def library() -> Any:
    """The module of coqui-tts in which XTTS is. Blocks for seconds."""
    _without_compiled_torchaudio()
    from TTS.tts.models import xtts  # noqa: PLC0415

    return xtts


def _without_compiled_torchaudio() -> None:
    """Let torchaudio do without its compiled part, as it does where that was not built.

    The last published one (2.11.0) asks for CUDA's libraries, and for one version of them: with
    torch for CPUs or of another CUDA it cannot be imported. Needed here are its resampler and mel
    spectrogram, which are Python.
    """
    absent = ModuleType("torchaudio._extension")
    vars(absent).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        fail_if_no_align=lambda function: function,
    )
    if "torchaudio" not in sys.modules:
        sys.modules.setdefault("torchaudio._extension", absent)
