"""Ollama: the language models on this machine's GPU, and asking for their memory.

https://docs.ollama.com/api/ps, https://docs.ollama.com/faq (keep_alive)
"""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.gpu.memory import MEGABYTE

_LIST_S = 2.0
_UNLOAD_S = 10.0
"""A model that is answering somebody ends that first."""
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LoadedModel:
    name: str
    vram_mb: int
    """0: it is on the processor."""
    until: str = ""
    """When Ollama unloads it by itself; ISO 8601."""


class _Model(BaseModel):
    name: str = Field(max_length=500)
    size_vram: int = Field(default=0, ge=0)  # left out where it is 0
    expires_at: str = Field(default="", max_length=100)


class _Loaded(BaseModel):
    models: list[_Model] | None  # Go writes an empty list as null


class _Done(BaseModel):
    done: bool


_LOADED, _DONE = TypeAdapter(_Loaded), TypeAdapter(_Done)


class Ollama:
    """The server at `url`, and nowhere else: no redirect is followed, no proxy asked."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    async def loaded(self) -> Sequence[LoadedModel]:
        """The models in memory, the largest first. Raises BackendUnavailable."""
        answer = await self._ask("GET", "/api/ps", None, _LOADED, _LIST_S)
        models = [
            LoadedModel(one.name, one.size_vram // MEGABYTE, one.expires_at)
            for one in answer.models or ()
        ]
        return sorted(models, key=lambda one: -one.vram_mb)

    async def unload(self, model: str) -> None:
        """Have a model unloaded, as `ollama stop` does. Raises BackendUnavailable."""
        order = {"model": model, "keep_alive": 0, "stream": False}
        answer = await self._ask("POST", "/api/generate", order, _DONE, _UNLOAD_S)
        if not answer.done:
            raise BackendUnavailable(f"Ollama at {self.url}: {model:.80} stays where it is")

    async def _ask(
        self, method: str, path: str, body: Any, kind: TypeAdapter[Any], within_s: float
    ) -> Any:
        try:
            async with asyncio.timeout(within_s):
                status, content = await self._exchange(method, path, body)
        except TimeoutError:
            fact = f"no answer within {within_s:g} s"
            raise BackendUnavailable(f"Ollama at {self.url}: {fact}") from None
        if status != 200:
            raise BackendUnavailable(f"Ollama at {self.url}: {path} is answered with {status}")
        try:
            return kind.validate_json(content)
        except ValidationError:
            remedy = "see [gpu] ollama"
            raise BackendUnavailable(f"{self.url}: this is not Ollama — {remedy}") from None

    async def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        """Status and content. Raises BackendUnavailable."""
        # a third of a second, and most machines never need it
        http = await asyncio.to_thread(importlib.import_module, "httpx2")
        client = await asyncio.to_thread(
            http.AsyncClient, trust_env=False, follow_redirects=False, timeout=None
        )
        plain = {"Accept-Encoding": "identity"}
        try:
            async with (
                client,
                client.stream(method, self.url + path, json=body, headers=plain) as response,
            ):
                return response.status_code, await self._content(response.aiter_raw())
        except (http.HTTPError, http.InvalidURL, OSError) as error:
            fact = str(error) or type(error).__name__
            raise BackendUnavailable(f"Ollama at {self.url}: {fact}") from error

    async def _content(self, parts: AsyncGenerator[bytes, None]) -> bytes:
        content = b""
        async with aclosing(parts):
            async for part in parts:
                content += part
                if len(content) > _MOST_BYTES:
                    raise BackendUnavailable(f"{self.url}: this is not Ollama — see [gpu] ollama")
        return content
