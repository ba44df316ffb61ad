"""How onnxruntime is run here: every option with its reason."""

from pathlib import Path
from typing import Any

import onnxruntime as ort

Session = Any
"""onnxruntime.InferenceSession, which carries no types."""

_PROVIDERS = ["CPUExecutionProvider"]


def prepared_session(model: Path, threads: int) -> Session:
    """Open a graph that `save_optimised` wrote."""
    options = _options(threads)
    # it was optimised when it was written; doing it again takes as long as opening it
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(str(model), options, providers=_PROVIDERS)


def whole_session(model: Path, threads: int) -> Session:
    """Open a voice as it is."""
    return ort.InferenceSession(str(model), _options(threads), providers=_PROVIDERS)


def save_optimised(model: bytes, target: Path) -> None:
    """Write the graph as onnxruntime would run it on any machine of this kind."""
    options = _options(1)
    # the next level would write a layout for this very processor
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    ort.InferenceSession(model, options, providers=_PROVIDERS)


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1  # these graphs are chains: nothing to run side by side
    # three sessions share the cores: threads that spin while idle starve the others
    # (long sentence, 2 cores: first audio after 173 ms instead of 123 ms)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # a plan is kept for every length seen, and every sentence has its own
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # errors reach us as exceptions
    return options
