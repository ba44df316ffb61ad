"""Seeded sampling with torch, where several models draw at the same time.

torch has one generator for the whole process: two threads that draw from it disturb one another.
Needs torch: for the rooms of engines that have it.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch.overrides import TorchFunctionMode

T = TypeVar("T")

_DRAWS = frozenset(
    (
        torch.bernoulli,
        torch.multinomial,
        torch.normal,
        torch.rand,
        torch.randint,
        torch.randn,
        torch.nn.init.normal_,
        torch.nn.init.trunc_normal_,
        torch.nn.init.uniform_,
        torch.Tensor.bernoulli_,
        torch.Tensor.exponential_,
        torch.Tensor.multinomial,
        torch.Tensor.normal_,
        torch.Tensor.random_,
        torch.Tensor.uniform_,
    )
)
_ALIKE = {torch.rand_like: torch.rand, torch.randn_like: torch.randn}
"""They take no generator, so they are drawn as what they stand for."""
_DONE: Any = object()


class _Draws(TorchFunctionMode):  # type: ignore[misc, unused-ignore] # torch is not here
    """Everything this thread draws, from one generator; a mode holds for its thread only."""

    def __init__(self, seed: int, device: torch.device | str) -> None:
        super().__init__()
        self._generator = torch.Generator(device)
        self._generator.manual_seed(seed)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        _types: Sequence[Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if func in _ALIKE:
            like, *args = args
            named = {"dtype": like.dtype, "device": like.device} | named
            named.pop("memory_format", None)
            func, args = _ALIKE[func], [like.shape, *args]
        if func in _DRAWS and named.get("generator") is None:
            named["generator"] = self._generator
        return func(*args, **named)


def seeded(
    steps: Iterator[T], seed: int | None, device: torch.device | str = "cpu"
) -> Generator[T, None, None]:
    """What `steps` yields, drawn from a generator of its own; None: from that of the process."""
    if seed is None:
        yield from steps
        return
    draws = _Draws(seed, device)
    try:
        while True:
            with draws:  # never while suspended: the thread may do something else then
                item = next(steps, _DONE)
            if item is _DONE:
                return
            yield item
    finally:
        if callable(close := getattr(steps, "close", None)):
            close()
