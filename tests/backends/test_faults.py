"""What a failing GPU does to an engine, and to whoever asks it afterwards."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")

from wyoming_voiceclone.audio.chunk import Chunk  # noqa: E402
from wyoming_voiceclone.backends.faults import DeviceFaults  # noqa: E402
from wyoming_voiceclone.backends.instances import Instances  # noqa: E402
from wyoming_voiceclone.errors import BackendError, BackendUnavailable  # noqa: E402

FAILURE = "CUDA error: device-side assert\nmany more lines"


def test_a_gpu_that_fails_for_good_is_told_and_ends_the_process() -> None:
    ended: list[bool] = []
    faults = DeviceFaults("csm", lambda: ended.append(True))
    with (
        pytest.raises(BackendError, match=r"^csm: the GPU failed \(CUDA error: device.* assert\)"),
        faults(),
    ):
        raise torch.AcceleratorError(FAILURE)
    assert ended == [True]


def test_a_full_gpu_ends_a_sentence_and_not_the_process() -> None:
    ended: list[bool] = []
    faults = DeviceFaults("csm", lambda: ended.append(True))
    with pytest.raises(BackendUnavailable, match="memory is full — let fewer"), faults():
        raise torch.OutOfMemoryError("CUDA out of memory")
    assert not ended
    with faults():
        pass


def test_a_fault_that_is_not_the_gpus_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), DeviceFaults("csm")():
        raise RuntimeError("shapes differ")


async def test_after_a_failure_nobody_is_let_near_the_gpu_again() -> None:
    touched: list[str] = []

    def fails(_model: str) -> Iterator[Chunk]:
        touched.append("once")
        yield np.zeros(4, np.float32)
        raise torch.AcceleratorError(FAILURE)

    def touches(_model: Any) -> None:
        touched.append("again")

    instances = Instances("csm", lambda: "a model", guard=DeviceFaults("csm"))
    stream = instances.speak(fails)
    await anext(stream)
    with pytest.raises(BackendError, match="the GPU failed"):
        await anext(stream)
    with pytest.raises(BackendUnavailable, match="it is started anew"):
        await instances.run(touches)
    assert touched == ["once"]
    await instances.aclose()
