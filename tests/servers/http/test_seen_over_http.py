"""What Prometheus and whoever watches over the server are told."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2 as httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.servers.http import HttpServer
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.testing.conformance import speak


@asynccontextmanager
async def watched(router: Router) -> AsyncIterator[httpx.AsyncClient]:
    server = HttpServer(router.report)
    await server.start("tcp://127.0.0.1:0")
    try:
        async with httpx.AsyncClient(base_url=server.addresses[0]) as client:
            yield client
    finally:
        await server.aclose()


def said(text: str) -> SynthesisRequest:
    return SynthesisRequest(text, "ada")


async def samples(client: httpx.AsyncClient) -> dict[tuple[str, str], float]:
    """The value of each metric and backend."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, sample.labels.get("state") or sample.labels.get("backend", "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_the_metrics_tell_what_every_backend_did() -> None:
    router = Router([ScriptedBackend("box", die="bad"), ScriptedBackend("cpu")])
    await speak(router, said("one two three"))
    await speak(router, said("bad two three"))
    async with watched(router) as client:
        found = await samples(client)
    assert found["voiceclone_backend_sentences_total", "box"] == 2
    assert found["voiceclone_backend_failed_total", "box"] == 1
    assert found["voiceclone_backend_taken_over_total", "box"] == 1
    assert found["voiceclone_backend_took_over_total", "cpu"] == 1
    assert found["voiceclone_backend_audio_seconds_total", "box"] > 0.35
    assert found["voiceclone_backend_in_flight", "box"] == 0
    assert found["voiceclone_backend_first_chunk_seconds", "box"] < 1
    assert ("voiceclone_info", "") in found


async def test_the_server_is_healthy_while_anybody_can_speak() -> None:
    router = Router([ScriptedBackend("box", die="bad"), ScriptedBackend("cpu")])
    await speak(router, said("bad two three"))
    async with watched(router) as client:
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert answer.json()["backends"]["box"]["state"] == "cooling"
        router.leave("cpu")
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "failing")
        assert answer.json()["backends"]["cpu"]["state"] == "gone"


async def test_a_backend_without_a_voice_does_not_make_it_healthy() -> None:
    async with watched(Router([ScriptedBackend("absent", voices=[])])) as client:
        assert (await client.get("/health")).status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("POST", "/health", 405)]
)
async def test_nothing_else_is_answered(method: str, path: str, status: int) -> None:
    async with watched(Router([ScriptedBackend()])) as client:
        assert (await client.request(method, path)).status_code == status


async def test_text_that_was_spoken_is_nowhere_to_be_seen() -> None:
    router = Router([ScriptedBackend("box")])
    await speak(router, said("one secretly"))
    async with watched(router) as client:
        for path in ("/metrics", "/health"):
            assert "secret" not in (await client.get(path)).text


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = HttpServer(list)
        with pytest.raises(ConfigError, match="in use"):
            await server.start(f"tcp://127.0.0.1:{taken.getsockname()[1]}")
        await server.aclose()
