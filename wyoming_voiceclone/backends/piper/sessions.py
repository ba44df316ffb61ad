"""How onnxruntime is run here: every option with its reason."""

import os
from pathlib import Path
from typing import Any

import onnxruntime as ort

Session = Any
"""onnxruntime.InferenceSession, which carries no types."""

_PROVIDERS = ["CPUExecutionProvider"]


def available_cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    # between the small operators of a run it pays to spin for a moment instead of going to sleep
    # (short sentence 39 instead of 45 ms); for longer it only takes the core from others (2 cores
    # with foreign load, medium sentence: 302 ms unlimited, 206 ms with 50 us)
    options.add_session_config_entry("session.intra_op.spin_duration_us", "50")
    # nor may an idle session's threads spin while another session runs: there are three
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # a plan is kept for every length seen, and every sentence has its own
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # errors reach us as exceptions
    return options
