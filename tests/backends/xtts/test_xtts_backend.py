"""XTTS through its real library, with random weights; runs with `script/test --engines`."""

import pytest

pytest.importorskip("torch", reason="torch comes with the engines: script/test --engines")
pytest.importorskip("TTS", reason="coqui-tts comes with the engines: script/test --engines")

from typing import Any

from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.testing.conformance import check_backend

pytestmark = pytest.mark.timeout(180)


async def test_it_keeps_the_contract_of_everything_that_speaks(make: Any) -> None:
    await check_backend(make)


async def test_it_keeps_the_contract_of_every_engine_that_clones(make: Any) -> None:
    await check_cloning(make, most_s=60)
