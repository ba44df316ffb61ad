"""Kyutai TTS through its real library: tiny random weights, in the published layout."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("moshi", reason="moshi comes with the engines: script/test --engines")

from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.kyutai import ENGINE, KyutaiSettings
from wyoming_voiceclone.backends.kyutai.backend import KyutaiBackend
from wyoming_voiceclone.testing.conformance import check_backend

MakeSettings = Callable[..., KyutaiSettings]


async def test_it_is_a_backend(make_settings: MakeSettings, folders: Folders) -> None:
    async def make() -> KyutaiBackend:
        return await asyncio.to_thread(ENGINE.make, make_settings(), folders)

    await check_backend(make)
