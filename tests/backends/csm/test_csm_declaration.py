"""What is known of CSM without its libraries."""

from fnmatch import fnmatch

import pytest
from pydantic import ValidationError

from wyoming_voiceclone.backends.csm import ENGINE, WEIGHTS, CsmSettings

PUBLISHED = (
    *(".gitattributes", "README.md", "chat_template.jinja", "ckpt.pt", "config.json"),
    *("generation_config.json", "model.safetensors", "preprocessor_config.json"),
    *("prompts/conversational_a.wav", "special_tokens_map.json", "tokenizer.json"),
    *("tokenizer_config.json", "transformers-00001-of-00002.safetensors"),
    *("transformers-00002-of-00002.safetensors", "transformers.safetensors.index.json"),
)
"""The files of sesame/csm-1b at the pinned commit (but for five more prompts)."""


def test_it_declares_what_people_have_to_know() -> None:
    declared = ENGINE.declared
    assert declared.clones
    assert declared.reference
    assert declared.reference.transcript == "needed"
    assert declared.languages == ("en",)
    assert declared.device == "gpu"
    assert ENGINE.environment
    assert all("==" in requirement for requirement in ENGINE.environment.requirements)


def test_of_the_weights_only_one_copy_of_three_is_fetched() -> None:
    wanted = [file for file in PUBLISHED if any(fnmatch(file, one) for one in WEIGHTS.files)]
    assert {"ckpt.pt", "model.safetensors"}.isdisjoint(wanted)
    assert {"config.json", "tokenizer.json", "transformers.safetensors.index.json"} <= {*wanted}
    assert sum(file.endswith(".safetensors") for file in wanted) == 2
    assert ENGINE.weights(CsmSettings()) == (WEIGHTS,)


def test_who_has_weights_of_their_own_fetches_none() -> None:
    assert ENGINE.weights(CsmSettings(model="/somewhere")) == ()


@pytest.mark.parametrize(
    "mistake",
    [
        {"device": "gpu"},
        {"dtype": "int8"},
        {"temperature": 2.5},
        {"top_k": 0},
        {"first_frames": 0},
        {"first_frames": 9, "most_frames": 8},
        {"longest_s": 91},
    ],
)
def test_settings_that_make_no_sense_are_refused(mistake: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CsmSettings.model_validate(mistake)
