"""A house in virtual time: backends that are drawn from a distribution, and who listens to them."""

import math
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

from wyoming_voiceclone.aio import now
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.standing import Tally
from wyoming_voiceclone.testing.virtual_time import run_virtually

T = TypeVar("T")

TEXT = "the light in the kitchen is on and it is warm"


def around(random_: random.Random, median_s: float, spread: float = 0.25) -> Callable[[], float]:
    """Delays as machines have them: a log-normal distribution."""
    return lambda: random_.lognormvariate(math.log(median_s), spread)


def sometimes(
    random_: random.Random, share: float, slow_s: float, usual: Callable[[], float]
) -> Callable[[], float]:
    return lambda: slow_s if random_.random() < share else usual()


@dataclass
class Heard:
    first_s: float
    source: str
    silent_s: float
    """How long the listener heard nothing after the first sound."""


async def listen(
    router: Router, text: str = TEXT, playback: Playback | None = None, voice: str = "ada"
) -> Heard:
    """One sentence, as somebody hears it who plays from the first chunk on."""
    playback = playback or Playback(now)
    started, silent_s = now(), 0.0
    first_s: float | None = None
    async with await router.synthesize(SynthesisRequest(text, voice, playback=playback)) as stream:
        async for chunk in stream:
            if first_s is None:
                first_s = now() - started
            elif playback.ahead_s <= 0:
                silent_s += now() - playback.dry_at
            playback.hand_over(len(chunk) / stream.rate)
    return Heard(first_s or 0.0, stream.heard[-1] if stream.heard else "", silent_s)


def house(router: Router, work: Coroutine[None, None, T]) -> tuple[T, dict[str, Tally]]:
    """What the work gives in virtual time, and what every backend did."""

    async def watched() -> tuple[T, dict[str, Tally]]:
        done = await work
        return done, {each.name: each.tally for each in router.report()}

    return run_virtually(watched())


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]
