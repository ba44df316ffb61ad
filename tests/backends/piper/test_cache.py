"""A cut voice on disk: made once, never trusted blindly, never missed when it is gone."""

import logging
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from stock_voice import SINGLE, configuration, cut_voices, loaded

from wyoming_voiceclone.backends.piper.cache import find, forget, made
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.errors import BackendUnavailable

CONFIG = configuration(SINGLE)


def load(cache: Path | None, model: Path = SINGLE) -> LoadedVoice:
    return LoadedVoice.load(model, CONFIG, cache=cache, threads=1)


def test_a_voice_is_cut_once(tmp_path: Path) -> None:
    assert find(SINGLE, tmp_path) is None
    assert load(tmp_path).streams
    entry = find(SINGLE, tmp_path)
    assert entry is not None
    before = (entry / "flow.onnx").stat().st_mtime_ns
    assert load(tmp_path).streams
    assert (entry / "flow.onnx").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == [entry.name]  # nothing half-made is left


def test_a_voice_that_is_cut_needs_no_onnx_package() -> None:
    loaded()
    program = (
        "import sys; from pathlib import Path\n"
        "from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice\n"
        "voice = LoadedVoice.load(*map(Path, sys.argv[1:3]), cache=Path(sys.argv[3]), threads=1)\n"
        "assert voice.streams\n"
        "assert 'onnx' not in sys.modules\n"
    )
    command = [sys.executable, "-c", program, str(SINGLE), str(CONFIG), str(cut_voices())]
    subprocess.run(command, check=True)  # noqa: S603  our own program


@pytest.mark.parametrize("name", ["facts.json", "text.onnx", "decoder.onnx"])
def test_a_corrupt_entry_is_made_again(name: str, tmp_path: Path) -> None:
    load(tmp_path)
    entry = find(SINGLE, tmp_path)
    assert entry is not None
    (entry / name).write_bytes(b"\x00not what was written")
    assert load(tmp_path).streams
    assert (entry / name).read_bytes() != b"\x00not what was written"


def test_a_cache_that_cannot_be_written_costs_only_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    assert load(tmp_path / "file" / "cache").streams
    assert "cannot be written" in caplog.text


def test_no_cache_is_needed() -> None:
    assert load(None).streams


def test_a_file_that_is_no_model_is_named_with_a_remedy(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(SINGLE.read_bytes()[:1000])
    with pytest.raises(BackendUnavailable, match=r"broken\.onnx.*download"):
        load(tmp_path / "cache", broken)
    assert not list((tmp_path / "cache").iterdir())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"missing\.onnx"):
        load(tmp_path, tmp_path / "missing.onnx")


def test_a_configuration_that_is_none_is_named(tmp_path: Path) -> None:
    config = tmp_path / "voice.onnx.json"
    config.write_text("[1, 2]")
    with pytest.raises(BackendUnavailable, match=r"voice\.onnx\.json"):
        LoadedVoice.load(SINGLE, config, cache=None, threads=1)


def test_a_graph_of_another_kind_speaks_whole_sentences_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = onnx.load(str(SINGLE))
    last = model.graph.node[-1]
    last.output[0] = "before"  # something after the decoder that no Piper voice has
    model.graph.node.append(onnx.helper.make_node("Erf", ["before"], ["output"]))
    strange = tmp_path / "strange.onnx"
    onnx.save(model, str(strange))
    with caplog.at_level(logging.WARNING):
        voice = load(tmp_path / "cache", strange)
    assert not voice.streams
    assert "strange speaks whole sentences" in caplog.text
    assert find(strange, tmp_path / "cache") is not None  # it is not tried again


def test_a_forgotten_voice_leaves_nothing(tmp_path: Path) -> None:
    with made(SINGLE, CONFIG, tmp_path):
        pass
    forget(SINGLE, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_measured_when_cutting_is_kept() -> None:
    assert 0.05 < loaded().full_scale < 2
    assert loaded().rate == 16_000
    assert loaded().memory_bytes > SINGLE.stat().st_size
