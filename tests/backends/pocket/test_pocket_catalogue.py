"""What is fetched, against what the real package asks for."""

from typing import Any

import pytest

from wyoming_voiceclone.backends.pocket import ENGINE, PocketSettings
from wyoming_voiceclone.backends.pocket.catalogue import (
    GATED,
    MODELS,
    OPEN,
    USUAL,
    VOICES_COMMIT,
    PublishedFile,
)


def address(file: PublishedFile) -> str:
    return f"hf://{file.repository}/{file.path}@{file.commit}"


@pytest.fixture
def configs() -> dict[str, Any]:
    """Every model that the installed pocket-tts knows."""
    pytest.importorskip("pocket_tts", reason="comes with the engine: script/test --engines")
    from pocket_tts.utils.config import CONFIGS_DIR, load_config  # noqa: PLC0415

    return {path.stem: load_config(path) for path in CONFIGS_DIR.glob("*.yaml")}


def test_every_model_of_the_package_is_known_with_its_files(configs: dict[str, Any]) -> None:
    assert MODELS.keys() == configs.keys()
    for name, config in configs.items():
        model = MODELS[name]
        assert address(model.cloning) == config.weights_path
        assert address(model.plain) == config.weights_path_without_voice_cloning
        assert address(model.tokenizer) == config.flow_lm.lookup_table.tokenizer_path


def test_every_model_speaks_at_the_declared_rate(configs: dict[str, Any]) -> None:
    assert {config.mimi.sample_rate for config in configs.values()} == {ENGINE.declared.rate}


def test_the_voices_are_those_of_the_package() -> None:
    pytest.importorskip("pocket_tts", reason="comes with the engine: script/test --engines")
    from pocket_tts.utils.utils import get_predefined_voice  # noqa: PLC0415

    for name, model in MODELS.items():
        assert address(model.voices) == get_predefined_voice(name, "*")
        assert model.voices.commit == VOICES_COMMIT


def test_the_declared_version_is_the_one_that_is_tested() -> None:
    pytest.importorskip("pocket_tts", reason="comes with the engine: script/test --engines")
    from importlib.metadata import version  # noqa: PLC0415

    assert ENGINE.environment
    assert f"pocket-tts=={version('pocket-tts')}" in ENGINE.environment.requirements


def test_every_language_has_a_usual_model() -> None:
    assert set(USUAL) == {model.language for model in MODELS.values()}
    assert all(MODELS[name].language == language for language, name in USUAL.items())


def test_each_repository_is_fetched_once_at_each_commit() -> None:
    wanted = ENGINE.weights(PocketSettings(languages=tuple(USUAL)))
    places = [(weights.repository, weights.revision) for weights in wanted]
    assert len(set(places)) == len(places)
    files = [file for weights in wanted for file in weights.files]
    assert len(set(files)) == len(files) == 3 * len(USUAL)


def test_cloning_needs_the_gated_repository_and_speaking_does_not() -> None:
    gated = {w.repository: w.gated for w in ENGINE.weights(PocketSettings())}
    assert gated == {GATED: True, OPEN: False}
    free = ENGINE.weights(PocketSettings(cloning=False))
    assert {weights.repository for weights in free} == {OPEN}
    assert any("embeddings/*" in file for weights in free for file in weights.files)


def test_ones_own_weights_are_not_fetched() -> None:
    assert ENGINE.weights(PocketSettings(model="/my/weights")) == ()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"languages": ["en", "tlh"]}, "no model speaks 'tlh' — have en, fr"),
        ({"languages": []}, "at least one"),
        ({"languages": ["en", "en"]}, "name each one once"),
        ({"models": {"en": "german"}}, "'german' is none for 'en' — have english, english_18m"),
        ({"models": {"xx": "english"}}, "none: languages are en, fr"),
        ({"reference_s": 2}, "greater than or equal to 3"),
        ({"temperature": 3}, "less than or equal to 2"),
        ({"memory": 1}, "Extra inputs"),
    ],
)
def test_a_mistake_in_the_settings_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        PocketSettings(**settings)


def test_languages_may_be_written_as_in_the_environment() -> None:
    chosen = PocketSettings.model_validate({"languages": "de, en"}).chosen
    assert list(chosen.items()) == [("de", "german"), ("en", "english")]
