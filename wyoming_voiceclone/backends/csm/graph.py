"""The depth of a frame as one CUDA graph: a thousand kernels are launched as one.

Not yet run on a GPU by its authors. So it is checked where it runs: what it replays must be what
the plain way gives, else the plain way is taken.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from wyoming_voiceclone.backends.csm.model import Csm

_LOGGER = logging.getLogger(__name__)

Frame = Callable[[Any, torch.Tensor, torch.Tensor, torch.Tensor, int], torch.Tensor]
Inputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
_MOST = 4
"""Graphs kept, one for each top_k; each has its own working memory on the GPU."""
_WARM_UPS = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Recording:
    graph: Any
    inputs: Inputs
    codes: torch.Tensor

    def replay(self, inputs: Inputs) -> torch.Tensor:
        for ours, given in zip(self.inputs, inputs, strict=True):
            ours.copy_(given)
        self.graph.replay()
        return self.codes.clone()


class GraphedFrame:
    """`plain`, recorded when first called with a `top_k`. For one thread; CUDA only."""

    def __init__(self, plain: Frame, csm: Csm) -> None:
        self._plain, self._network = plain, csm.network
        self._recordings: dict[int, _Recording | None] = {}

    def __call__(
        self,
        network: Any,
        thought: torch.Tensor,
        noise: torch.Tensor,
        temperature: torch.Tensor,
        top_k: int,
    ) -> torch.Tensor:
        inputs = thought, noise, temperature
        if top_k not in self._recordings and len(self._recordings) < _MOST:
            self._recordings[top_k] = self._checked(inputs, top_k)
        if (recording := self._recordings.get(top_k)) is None:
            return self._plain(network, *inputs, top_k)
        return recording.replay(inputs)

    def _checked(self, inputs: Inputs, top_k: int) -> _Recording | None:
        """None where recording fails, or replays something else."""
        thought, noise, temperature = inputs
        others = thought.flip(-1), noise.flip(-1), temperature  # not what it was recorded with
        try:
            with torch.cuda.device(thought.device):  # with its streams: there may be several GPUs
                recording = self._recorded(inputs, top_k)
            expected = [self._plain(self._network, *each, top_k) for each in (others, inputs)]
            replayed = [recording.replay(each) for each in (others, inputs)]
            if all(map(torch.equal, replayed, expected)):
                return recording
            _LOGGER.warning("csm: a CUDA graph gives other sounds than it should; done without")
        except RuntimeError as error:
            _LOGGER.warning("csm: no CUDA graph can be made (%s); done without", error)
        return None

    def _recorded(self, inputs: Inputs, top_k: int) -> _Recording:
        thought, noise, temperature = inputs
        ours = (thought.clone(), noise.clone(), temperature.clone())
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):  # libraries allocate at their first calls
            for _ in range(_WARM_UPS):
                self._plain(self._network, *ours, top_k)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        # other listeners' threads go on meanwhile
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            codes = self._plain(self._network, *ours, top_k)
        return _Recording(graph, ours, codes)
