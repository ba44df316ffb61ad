"""Manifest: what a worker offered when it last ran, so that nobody has to start it to know."""

import asyncio
import hashlib
import json
import logging
import os
import re
from pathlib import Path

from wyoming_voiceclone import __version__
from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.peer.messages import Hello, hello_event, read_hello
from wyoming_voiceclone.errors import ProtocolError
from wyoming_voiceclone.workers.orders import WorkerPlan

_LOGGER = logging.getLogger(__name__)


class Manifest:
    """One file in the cache; of another version or with other settings it is not read."""

    def __init__(self, plan: WorkerPlan) -> None:
        """Read the file. Blocks."""
        self._name = plan.title
        self._mark = _mark(plan)
        self._path = _file(plan.title, plan.folders)
        self.hello = self._read()
        """None until the worker was met for the first time."""

    async def learn(self, hello: Hello) -> None:
        """Remember what the worker says now. A disk in trouble costs nothing but the memory."""
        if hello == self.hello:
            return
        self.hello = hello
        try:
            await asyncio.to_thread(self._write, hello)
        except OSError as error:
            _LOGGER.warning("%s: its offer cannot be kept in %s: %s", self._name, self._path, error)

    def _read(self) -> Hello | None:
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            return read_hello(kept["hello"]) if kept["mark"] == self._mark else None
        except (OSError, ValueError, KeyError, TypeError, ProtocolError):
            return None

    def _write(self, hello: Hello) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"mark": self._mark, "hello": hello_event(hello).data}
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        new.write_text(json.dumps(kept), "utf-8")
        new.replace(self._path)


def forget_offer(name: str, folders: Folders) -> None:
    """Of a worker that there will not be any more. Raises OSError."""
    _file(name, folders).unlink(missing_ok=True)


def _file(name: str, folders: Folders) -> Path:
    file = re.sub(r"[^\w.-]", "_", name)
    return folders.cache / "workers" / f"{file}.json"


def _mark(plan: WorkerPlan) -> str:
    """Changes when the worker may offer something else."""
    about = json.dumps([__version__, plan.engine, str(plan.python), plan.settings], sort_keys=True)
    return hashlib.sha256(about.encode()).hexdigest()
