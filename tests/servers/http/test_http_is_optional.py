"""The port is there for whoever wants it, and never in the way of speech."""

import logging
import socket
import subprocess
import sys

import httpx2 as httpx
import pytest

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.config.routing import HttpSettings
from wyoming_voiceclone.hosting.visible import visible
from wyoming_voiceclone.synthesis.router import Router


def settings(port: int, *, enabled: bool = True) -> Settings:
    return Settings(http=HttpSettings(enabled=enabled, port=port))


async def test_it_answers_where_the_owner_wants_it() -> None:
    async with visible(Router([ScriptedBackend()]), settings(0)) as server:
        assert server is not None
        async with httpx.AsyncClient(base_url=server.addresses[0]) as client:
            assert (await client.get("/health")).status_code == 200


async def test_nothing_listens_where_nobody_asked() -> None:
    async with visible(Router([]), settings(0, enabled=False)) as server:
        assert server is None


async def test_a_port_that_is_taken_is_a_warning_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with visible(Router([]), settings(taken.getsockname()[1])):
            pass
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "in use" in warnings[0]


def test_its_libraries_are_not_loaded_for_those_who_do_not_want_it() -> None:
    libraries = ("uvicorn", "starlette", "prometheus_client")
    look = f"import sys, wyoming_voiceclone.app; print(sys.modules.keys() & {libraries})"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.strip() == "set()"
