"""From text to the numbers a voice was trained on."""

import json
import logging
from pathlib import Path

import pytest
from stock_voice import SINGLE, configuration

from wyoming_voiceclone.backends.piper.phonemes import MAX_IDS, Phonemizer
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.text.phonemes import pronounced

RAW = json.loads(configuration(SINGLE).read_text(encoding="utf-8"))
IDS = RAW["phoneme_id_map"]


def changed(folder: Path, **changes: object) -> Phonemizer:
    config = folder / "voice.onnx.json"
    config.write_text(json.dumps(RAW | changes), encoding="utf-8")
    return Phonemizer(config)


def ids_of(phonemes: str) -> list[int]:
    return [i for phoneme in phonemes for i in (*IDS[phoneme], *IDS["_"])]


def test_a_sentence_is_begun_padded_and_ended_as_piper_does() -> None:
    (run,) = Phonemizer(configuration(SINGLE)).runs("So?")
    assert run.ids == (*IDS["^"], *IDS["_"], *ids_of("sˈoʊ?"), *IDS["$"])
    assert len(run.words) == 1


def test_every_word_has_its_place() -> None:
    (run,) = Phonemizer(configuration(SINGLE)).runs("Open, the garden door.")
    assert len(run.words) == 4
    assert all(start < end for start, end in run.words)
    assert all(end <= start for (_, end), (start, _) in zip(run.words, run.words[1:], strict=False))


def test_a_marked_pronunciation_is_spoken_as_it_is_written() -> None:
    text = f"Call {pronounced('ʃɪˈvɔːn', 'Siobhan')} now."
    (run,) = Phonemizer(configuration(SINGLE)).runs(text)
    assert str(ids_of("ʃɪˈvɔːn"))[1:-1] in str(run.ids)
    assert len(run.words) == 3


def test_brackets_of_others_are_no_pronunciation() -> None:
    phonemizer = Phonemizer(configuration(SINGLE))
    assert phonemizer.runs("a [[b]] c") == phonemizer.runs("a [ [b]] c")


def test_what_piper_takes_for_two_sentences_loses_nothing() -> None:
    phonemizer = Phonemizer(configuration(SINGLE))
    runs = phonemizer.runs("It is so. Is it so? It is!")
    assert [run.ids for run in runs] == [
        run.ids for text in ("It is so.", "Is it so?", "It is!") for run in phonemizer.runs(text)
    ]


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "\n"])
def test_what_has_no_sound_has_no_phonemes(text: str) -> None:
    assert Phonemizer(configuration(SINGLE)).runs(text) == []


def test_phonemes_that_a_voice_lacks_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = {key: ids for key, ids in IDS.items() if key != "s"}
    with caplog.at_level(logging.DEBUG):
        (run,) = changed(tmp_path, phoneme_id_map=known).runs("So.")
    assert run.ids == (*IDS["^"], *IDS["_"], *ids_of("ˈoʊ."), *IDS["$"])
    assert "1 phonemes that this voice lacks" in caplog.text


def test_a_very_long_sentence_is_cut_between_words() -> None:
    text = "we went home and then " * 100
    runs = Phonemizer(configuration(SINGLE)).runs(text)
    assert len(runs) > 1
    assert all(len(run.ids) <= MAX_IDS for run in runs)
    # espeak cuts such a text itself, and joins a word at each of its cuts
    assert 495 <= sum(len(run.words) for run in runs) <= 500


def test_a_voice_of_letters_needs_no_espeak(tmp_path: Path) -> None:
    (run,) = changed(tmp_path, phoneme_type="text").runs(pronounced("x", "so"))
    assert run.ids == (*IDS["^"], *IDS["_"], *ids_of("so"), *IDS["$"])


def test_phonemes_that_need_another_package_are_named(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="japanese"):
        changed(tmp_path, phoneme_type="japanese").runs("はい")


@pytest.mark.parametrize("change", [{"phoneme_type": "klingon"}, {"phoneme_id_map": {"a": [1]}}])
def test_a_configuration_that_cannot_be_used_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    with pytest.raises(BackendUnavailable, match=r"voice\.onnx\.json"):
        changed(tmp_path, **change)
