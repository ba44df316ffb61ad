"""The places for uploads: bounded, and not for whoever dawdles."""

import numpy as np
import pytest

from wyoming_voiceclone.audio.pcm import to_pcm16
from wyoming_voiceclone.errors import BadRequest
from wyoming_voiceclone.servers.wyoming.failures import ServerBusy
from wyoming_voiceclone.servers.wyoming.uploads import Uploads
from wyoming_voiceclone.voices import Reference

ABOUT = {"format": "pcm16", "rate": 16_000}
SECOND = to_pcm16(np.full(16_000, 0.1, np.float32))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_whoever_dawdles_loses_the_place_to_who_comes() -> None:
    clock = Clock()
    uploads = Uploads(clock)
    slow = [uploads.begin(ABOUT) for _ in range(4)]
    clock.now = 59.0
    with pytest.raises(ServerBusy):
        uploads.begin(ABOUT).read()
    clock.now = 60.0
    quick = uploads.begin(ABOUT)
    quick.add(SECOND)
    kind, reference = quick.read()
    assert kind == "recording"
    assert isinstance(reference, Reference)
    slow[0].add(SECOND)
    with pytest.raises(BadRequest, match="send it again"):
        slow[0].read()
    slow[1].add(SECOND)
    assert slow[1].read()


def test_what_is_whole_keeps_its_place_while_it_is_learnt() -> None:
    clock = Clock()
    uploads = Uploads(clock)
    whole = [uploads.begin(ABOUT) for _ in range(4)]
    for one in whole:
        one.finish()
    clock.now = 600.0
    with pytest.raises(ServerBusy):
        uploads.begin(ABOUT).read()
    whole[2].close()
    uploads.begin(ABOUT).add(SECOND)
    with pytest.raises(ServerBusy):
        uploads.begin(ABOUT).read()
