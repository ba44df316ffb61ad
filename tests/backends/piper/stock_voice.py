"""Stock voices for tests: the tiny ones of tests/fixtures, cut once and kept for all tests."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import onnxruntime as ort

from wyoming_voiceclone.backends.piper.cache import made
from wyoming_voiceclone.backends.piper.loaded_voice import LoadedVoice
from wyoming_voiceclone.backends.piper.model import CutModel
from wyoming_voiceclone.backends.piper.sessions import Session

VOICES = Path(__file__).parents[2] / "fixtures" / "voices"
SINGLE = VOICES / "random-tiny.onnx"
SEVERAL = VOICES / "random-tiny-multi.onnx"


class StockVoice:
    """One voice: its files, its cut model, and the unsplit graph to compare with."""

    def __init__(self, model: Path, cache: Path) -> None:
        with made(model, configuration(model), cache) as folder:
            self.cut = CutModel(folder, 1)
        self.whole: Session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])


def configuration(model: Path) -> Path:
    return Path(f"{model}.json")


@functools.cache
def cut_voices() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cut-voices-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def single() -> StockVoice:
    return StockVoice(SINGLE, cut_voices())


@functools.cache
def several() -> StockVoice:
    return StockVoice(SEVERAL, cut_voices())


@functools.cache
def loaded(model: Path = SINGLE) -> LoadedVoice:
    return LoadedVoice.load(model, configuration(model), cache=cut_voices(), threads=2)
