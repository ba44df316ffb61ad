"""The process that hosts one engine: `python -m wyoming_voiceclone.worker ENGINE --socket PATH`.

Its orders are one line on standard input; there, the end of input is the end of the parent. On
standard output it says when the engine is ready and when its model is loaded, or why not; its log
goes to standard error.
"""

import argparse
import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from wyoming_voiceclone.aio import cancelled
from wyoming_voiceclone.backends import Backend, Engine, Warmable
from wyoming_voiceclone.backends.engine import ENTRY_POINTS, installed_engines
from wyoming_voiceclone.errors import ConfigError, VoiceCloneError
from wyoming_voiceclone.logs import start_logging
from wyoming_voiceclone.servers.wyoming import Extension, Limits, WyomingServer
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.workers.orders import Orders

_LOGGER = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
"""prctl(2)."""
_LIMITS = Limits(connections=1024, write_s=600.0)
"""The only client is the server that started us, and it has limits of its own."""

Say = Callable[[dict[str, Any]], None]


def main() -> None:
    """Host the engine until the parent says otherwise, or is no more."""
    arguments = _arguments()
    orders = Orders.read(sys.stdin.buffer.readline())
    say = _reserved_output()
    _die_with(orders.parent)
    start_logging(orders.log_level, "json")
    try:
        asyncio.run(_host(arguments.engine, orders, arguments.socket, say))
    except Exception as error:
        _LOGGER.debug("this ended the worker", exc_info=error)
        say({"failed": _in_words(error)})
        sys.exit(1)


async def _host(name: str, orders: Orders, socket: Path, say: Say) -> None:
    over = _over()
    async with AsyncExitStack() as stack:
        backend = await asyncio.to_thread(_make, name, orders)
        stack.push_async_callback(backend.aclose)
        speech = Speech(Router([backend]))
        server = WyomingServer(speech, _LIMITS, extension=Extension(backend))
        stack.push_async_callback(server.aclose)
        await server.start([f"unix://{socket}"])
        say({"ready": True})
        loading = asyncio.create_task(_load(backend, say))
        stack.push_async_callback(cancelled, loading)
        await over.wait()


async def _load(backend: Backend, say: Say) -> None:
    """Whoever started us ends us when it fails: without a model we only take room."""
    try:
        if isinstance(backend, Warmable):
            await backend.warm(())
    except Exception as error:
        _LOGGER.debug("the model could not be loaded", exc_info=error)
        say({"failed": _in_words(error)})
    else:
        say({"loaded": True})


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, VoiceCloneError) else f"{type(error).__name__}: {error}"


def _make(name: str, orders: Orders) -> Backend:
    engine = _engine(name)
    return engine.make(engine.settings.model_validate(orders.settings), orders.folders)


def _engine(name: str) -> Engine:
    if ":" in name:
        engine: Engine = EntryPoint(name, name, ENTRY_POINTS).load()
        return engine
    engines = installed_engines()
    if name not in engines:
        have = ", ".join(engines)
        raise ConfigError(f"no engine is called {name} in {sys.executable} — have {have}")
    return engines[name]


def _over() -> asyncio.Event:
    """Set by SIGTERM, and by the end of standard input."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            over.set()

    loop.add_reader(0, read)
    loop.add_signal_handler(signal.SIGTERM, over.set)
    return over


def _reserved_output() -> Say:
    """Standard output for us alone: what libraries print goes to the log."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(what: dict[str, Any]) -> None:
        ours.write(json.dumps(what) + "\n")
        ours.flush()

    return say


def _die_with(parent: int) -> None:
    """Have the kernel kill us when the parent is killed, however busy we are (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the server that started this worker is gone")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wyoming_voiceclone.worker", description=__doc__)
    parser.add_argument("engine", help="the name of an installed engine, or module:ATTRIBUTE")
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    return parser.parse_args()


if __name__ == "__main__":
    main()
