"""What moshi is told through its environment, before it is imported."""

import os

import pytest

pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")

from wyoming_voiceclone.backends.kyutai.libraries import (
    prepare_environment,
    prepare_libraries,
    uses_graphs,
)


@pytest.fixture(autouse=True)
def _a_plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_CUDA_GRAPH", "NO_TORCH_COMPILE"):
        monkeypatch.setenv(name, "")  # so that it is put back, and then:
        monkeypatch.delenv(name)


def test_a_cpu_needs_neither_graphs_nor_a_compiler() -> None:
    assert prepare_libraries("cpu", 1) == "cpu"
    assert os.environ["NO_TORCH_COMPILE"] == os.environ["NO_CUDA_GRAPH"] == "1"
    assert not uses_graphs("cpu")


def test_a_gpu_uses_graphs_for_one_listener_alone() -> None:
    prepare_environment("cuda", 1)
    assert uses_graphs("cuda")
    prepare_environment("cuda", 2)
    assert not uses_graphs("cuda")


def test_what_somebody_set_himself_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_CUDA_GRAPH", "0")
    prepare_environment("cuda", 2)
    assert uses_graphs("cuda")


def test_without_a_compiler_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    prepare_environment("cuda", 1)
    assert os.environ["NO_TORCH_COMPILE"] == "1"
