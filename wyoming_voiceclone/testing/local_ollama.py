"""LocalOllama: a stand-in of Ollama's server on this machine, which can be told to misbehave.

It answers as https://docs.ollama.com/api/ps and /api/generate say.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

_MEGABYTE = 1_000_000


class LocalOllama:
    """A context manager; `models` are those in memory, with their size there in megabytes."""

    def __init__(self, **models: int) -> None:
        self.models = models
        self.asked: list[str] = []
        """`GET /api/ps`, `unload gemma3`, in order."""
        self.on_unload: Callable[[str], None] = lambda _model: None
        """Called once a model has gone."""
        self.answer_s = 0.0
        """How long each answer takes."""
        self.unload_s = 0.0
        """How long after the answer a model goes: it answers somebody else first."""
        self.stays: set[str] = set()
        """Models that go nowhere, whatever is answered: somebody uses them."""
        self.instead: bytes | None = None
        """What is sent in place of every answer, head and all."""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(self._serve(reader, writer))

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            what, *fields = head.splitlines()
            lengths = [f.split(":")[1] for f in fields if f.lower().startswith("content-length")]
            body = await reader.readexactly(int(lengths[0]) if lengths else 0)
            await asyncio.sleep(self.answer_s)
            status, answer = self._answer(what.rpartition(" ")[0], body)
            content = json.dumps(answer).encode()
            told = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n".encode()
            told += b"Content-Type: application/json; charset=utf-8\r\nConnection: close\r\n\r\n"
            writer.write(told + content if self.instead is None else self.instead)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, what: str, body: bytes) -> tuple[str, Any]:
        match what:
            case "GET /api/ps":
                self.asked.append(what)
                return "200 OK", {"models": [self._model(name) for name in self.models]}
            case "POST /api/generate":
                return self._generate(json.loads(body))
            case _:
                return "404 Not Found", {"error": "not found"}

    def _model(self, name: str) -> dict[str, Any]:
        size = self.models[name] * _MEGABYTE
        about = {"name": name, "model": name, "size": size, "digest": "a2af6cc3eb7fa8be"}
        details = {"format": "gguf", "family": "gemma3", "quantization_level": "Q4_K_M"}
        until = "2026-11-20T16:47:07.93355-07:00"
        return about | {"details": details, "expires_at": until, "size_vram": size}

    def _generate(self, order: dict[str, Any]) -> tuple[str, Any]:
        name = order["model"]
        if name not in self.models:
            return "404 Not Found", {"error": f"model '{name}' not found"}
        assert order["keep_alive"] == 0, "nobody is to generate anything"
        assert "prompt" not in order
        self.asked.append(f"unload {name}")
        self._keep(self._unload(name))
        done = {"response": "", "done": True, "done_reason": "unload"}
        return "200 OK", {"model": name, "created_at": "2026-11-20T17:00:00Z", **done}

    async def _unload(self, name: str) -> None:
        await asyncio.sleep(self.unload_s)
        if name in self.stays:
            return
        self.models.pop(name, None)
        self.on_unload(name)
