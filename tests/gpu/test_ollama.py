"""Ollama as it documents itself, slow, strange, and not Ollama at all."""

import asyncio
import time

import pytest

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.gpu.ollama import Ollama
from wyoming_voiceclone.testing.local_ollama import LocalOllama


async def test_its_models_are_listed_the_largest_first() -> None:
    async with LocalOllama(small=500, large=6591) as server:
        loaded = await Ollama(server.url + "/").loaded()
    assert [(one.name, one.vram_mb) for one in loaded] == [("large", 6591), ("small", 500)]
    assert loaded[0].until.startswith("2026-11-20T16:47")


async def test_a_model_is_unloaded_without_anything_being_generated() -> None:
    async with LocalOllama(gemma3=6591) as server:
        ollama = Ollama(server.url)
        await ollama.unload("gemma3")
        await asyncio.sleep(0.05)
        assert await ollama.loaded() == []
    assert server.asked == ["unload gemma3", "GET /api/ps"]


async def test_a_model_that_went_meanwhile_is_told_of() -> None:
    async with LocalOllama() as server:
        with pytest.raises(BackendUnavailable, match="404"):
            await Ollama(server.url).unload("gemma3")


@pytest.mark.parametrize(
    "models", [b"null", b"[]", b'[{"name": "a", "size": 1, "digest": "b"}]'], ids=str
)
async def test_go_writes_less_than_everything(models: bytes) -> None:
    async with LocalOllama() as server:
        body = b'{"models": ' + models + b"}"
        server.instead = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        assert [one.vram_mb for one in await Ollama(server.url).loaded()] in ([], [0])


async def test_nobody_waits_long_for_a_server_that_hangs() -> None:
    async with LocalOllama() as server:
        server.answer_s = 60
        began = time.monotonic()
        with pytest.raises(BackendUnavailable, match="no answer within 2 s"):
            await Ollama(server.url).loaded()
        assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "not Ollama"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"models":[{}]}', "not Ollama"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "Ollama at"),
        (b"", "Ollama at"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"a" * 2_000_000, "not Ollama"),
    ],
    ids=["404", "500", "a web page", "other JSON", "ssh", "nothing", "endless"],
)
async def test_whatever_else_listens_there_is_not_taken_for_ollama(
    answer: bytes, told: str
) -> None:
    async with LocalOllama() as server:
        server.instead = answer
        with pytest.raises(BackendUnavailable, match=told):
            await Ollama(server.url).loaded()


async def test_a_redirect_is_not_followed_nor_a_proxy_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with LocalOllama(elsewhere=1) as other, LocalOllama() as server:
        monkeypatch.setenv("HTTP_PROXY", other.url)
        monkeypatch.setenv("ALL_PROXY", other.url)
        there = f"{other.url}/api/ps".encode()
        server.instead = b"HTTP/1.1 302 Found\r\nLocation: " + there + b"\r\n\r\n"
        with pytest.raises(BackendUnavailable, match="302"):
            await Ollama(server.url).loaded()
        assert not other.asked


async def test_a_name_goes_nowhere_but_into_the_order() -> None:
    async with LocalOllama(**{"../../x?y#z": 5}) as server:
        await Ollama(server.url).unload("../../x?y#z")
        assert server.asked == ["unload ../../x?y#z"]


async def test_nobody_listening_is_told_of() -> None:
    async with LocalOllama() as server:
        url = server.url
    with pytest.raises(BackendUnavailable, match="Ollama at http://127"):
        await Ollama(url).loaded()
