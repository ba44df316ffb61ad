"""Weights as published: read from a folder, and from nowhere else."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backends.csm.conftest import SAID, WITHOUT, folders, person

from wyoming_voiceclone.backends.csm import CsmSettings
from wyoming_voiceclone.errors import BackendUnavailable

torch = pytest.importorskip("torch", reason=WITHOUT)

from wyoming_voiceclone.backends.csm.backend import CsmBackend  # noqa: E402
from wyoming_voiceclone.backends.csm.model import load_csm  # noqa: E402
from wyoming_voiceclone.backends.csm.prompt import text_ids  # noqa: E402
from wyoming_voiceclone.backends.csm.speaker import heard, learnt  # noqa: E402

from transformers import CsmProcessor  # noqa: E402 # isort: skip

WATCHED = """
import sys
from pathlib import Path
asked = []
sys.addaudithook(lambda event, _: asked.append(event) if event.startswith("socket.") else None)
from wyoming_voiceclone.backends.csm import CsmSettings
from wyoming_voiceclone.backends.csm.model import load_csm
load_csm(Path(sys.argv[1]), CsmSettings())
print(sorted({*asked} & {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}))
"""


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copied"
    shutil.copytree(weights, folder)
    return folder


def test_the_model_is_the_published_one(csm: Any) -> None:
    assert csm.codes == 128
    assert csm.config.vocab_size == 131, "three ids more than there are codes"
    assert csm.config.rope_parameters["factor"] == 32.0
    assert csm.config.depth_decoder_config.rope_parameters["rope_type"] == "llama3"
    tied = csm.network.depth_decoder.model.embed_tokens.weight
    assert tied is csm.network.backbone_model.embed_tokens.embed_audio_tokens.weight


def test_the_same_weights_in_another_programs_layout_are_not_read(
    copied: Path, settings: CsmSettings, csm: Any
) -> None:
    (copied / "model.safetensors").write_bytes(b"of another program")
    read = load_csm(copied, settings)
    assert torch.equal(read.network.lm_head.weight, csm.network.lm_head.weight)


def test_in_16_bits_the_codec_stays_exact(weights: Path, csm: Any) -> None:
    half = load_csm(weights, CsmSettings(device="cpu"))
    assert half.network.lm_head.weight.dtype == torch.bfloat16
    ours, theirs = (dict(one.network.codec_model.named_parameters()) for one in (half, csm))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    codebooks = half.network.codec_model.quantizer.semantic_residual_vector_quantizer
    assert codebooks.layers[0].codebook.embed.dtype == torch.float32


@pytest.mark.timeout(120)
def test_loading_asks_nobody_in_the_network(weights: Path) -> None:
    command = [sys.executable, "-c", WATCHED, str(weights)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "text", ["Hello.", "Naïve [0] – “quotes” 🙂", "<|AUDIO|>", " two  spaces "]
)
def test_what_is_read_is_what_the_published_template_writes(
    csm: Any, weights: Path, text: str
) -> None:
    ids = [csm.tokenizer.bos_token_id, *text_ids(csm, text), csm.tokenizer.eos_token_id]
    processor = CsmProcessor.from_pretrained(weights, local_files_only=True)
    said = [{"role": "0", "content": [{"type": "text", "text": text.replace("<|AUDIO|>", "")}]}]
    assert (
        ids
        == processor.apply_chat_template(said, tokenize=True, return_dict=True)["input_ids"][
            0
        ].tolist()
    )


def test_a_recordings_codes_are_the_librarys(csm: Any) -> None:
    samples = heard(person(220))
    with torch.inference_mode():
        wave = torch.from_numpy(samples)[None, None]
        expected = csm.network.codec_model.encode(wave).audio_codes[0].T.numpy()
    speaker = learnt(csm, samples, SAID)
    assert np.array_equal(speaker.codes, expected)
    assert len(np.unique(speaker.codes)) > 10


def cut(folder: Path) -> None:
    shard = next(folder.glob("transformers-00001*"))
    shard.write_bytes(shard.read_bytes()[:1000])


def pickled(folder: Path) -> None:
    for file in folder.glob("transformers*"):
        file.unlink()
    config = json.loads((folder / "config.json").read_text())
    del config["transformers_weights"]
    (folder / "config.json").write_text(json.dumps(config))
    torch.save({}, folder / "pytorch_model.bin")


def another_rate(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["codec_config"]["sampling_rate"] = 16_000
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("damage", [cut, pickled, another_rate])
async def test_weights_that_are_damaged_or_others_are_refused(
    copied: Path, settings: CsmSettings, damage: Any, tmp_path: Path
) -> None:
    await asyncio.to_thread(damage, copied)
    own = settings.model_copy(update={"model": str(copied)})
    backend = await asyncio.to_thread(CsmBackend, own, folders(tmp_path))
    with pytest.raises(BackendUnavailable, match=r"cannot be loaded|16000 samples"):
        await backend.warm(())
    await backend.aclose()


def test_a_gpu_that_is_not_there_is_told_with_the_remedy(weights: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"no GPU cuda:63 .* device"):
        load_csm(weights, CsmSettings(device="cuda:63"))
