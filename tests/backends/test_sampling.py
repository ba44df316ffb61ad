"""Seeded draws in several threads at once; needs torch, so it runs with `script/test --engines`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")

from wyoming_voiceclone.backends.sampling import seeded  # noqa: E402


def draws(count: int = 50) -> Iterator[Any]:
    for _ in range(count):
        noise = torch.nn.init.normal_(torch.empty(3))
        choice = torch.multinomial(torch.softmax(noise, 0), 1)
        race = torch.empty(3).exponential_(1).uniform_(0, 1)
        alike = torch.randn_like(race) + torch.rand_like(race)
        yield torch.cat([noise, choice, race, alike, torch.randn(2), torch.rand(2)])


def drawn(seed: int) -> Any:
    return torch.stack([*seeded(draws(), seed)])


def test_a_seed_gives_the_same_draws_whatever_other_threads_draw() -> None:
    alone = {seed: drawn(seed) for seed in (1, 2)}
    with ThreadPoolExecutor(4) as threads:
        for seed, together in zip((1, 2) * 8, threads.map(drawn, (1, 2) * 8), strict=True):
            assert torch.equal(together, alone[seed])
    assert not torch.equal(alone[1], alone[2])


def test_without_a_seed_the_process_decides() -> None:
    torch.manual_seed(0)
    first = torch.stack([*seeded(draws(), None)])
    torch.manual_seed(0)
    assert torch.equal(first, torch.stack([*seeded(draws(), None)]))


def test_a_suspended_sentence_leaves_other_draws_alone() -> None:
    steps = seeded(draws(), 1)
    next(steps)
    torch.manual_seed(0)
    before = torch.randn(3)
    torch.manual_seed(0)
    next(steps)
    assert torch.equal(before, torch.randn(3))
    steps.close()
