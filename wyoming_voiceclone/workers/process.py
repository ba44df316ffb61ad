"""WorkerProcess: one life of a worker, from its start to its end."""

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.logs import current_level
from wyoming_voiceclone.workers.compute import environment
from wyoming_voiceclone.workers.journal import Journal
from wyoming_voiceclone.workers.orders import Orders, WorkerPlan
from wyoming_voiceclone.workers.relayed_log import RelayedLog

MODULE = "wyoming_voiceclone.worker"
_LAST_WORDS_S = 1.0


class WorkerProcess:
    """A process that hosts one engine on a socket in a folder of its own."""

    def __init__(
        self, plan: WorkerPlan, process: asyncio.subprocess.Process, folder: Path, journal: Journal
    ) -> None:
        self.uri = f"unix://{folder / 'socket'}"
        self.pid = process.pid
        self._name = plan.title
        self._process = process
        self._folder = folder
        self._journal = journal
        self._log = RelayedLog(journal)
        assert process.stderr  # noqa: S101 -- asked for below
        self._relaying = asyncio.create_task(self._log.relay(process.stderr))

    @classmethod
    async def start(cls, plan: WorkerPlan, startup_s: float, journal: Journal) -> "WorkerProcess":
        """Return once the engine is there, without its model. Raises BackendUnavailable."""
        folder = await asyncio.to_thread(_new_folder)
        try:
            process = cls(plan, await _spawn(plan, folder), folder, journal)
        except OSError as error:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise BackendUnavailable(f"{plan.title}: no process can be started: {error}") from error
        try:
            await process._send(plan)
            await process._heard("ready", startup_s)
        except BaseException:
            await process.aclose(0)
            raise
        return process

    async def load(self, startup_s: float) -> None:
        """Return once its model is loaded. Raises BackendUnavailable."""
        await self._heard("loaded", startup_s)
        self._journal.log(logging.INFO, f"{self._name}: is ready (process {self.pid})")

    async def exited(self) -> str:
        """Wait for its end; what it ended with, in words."""
        code = await self._process.wait()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"

    async def aclose(self, grace_s: float) -> None:
        """End it: asked first, killed after `grace_s`, with everything it started."""
        try:
            if self._process.returncode is None and grace_s:
                self._signal(signal.SIGTERM)
                with suppress(TimeoutError):
                    async with asyncio.timeout(grace_s):
                        await self._process.wait()
        finally:
            self._signal(signal.SIGKILL)
            await self._process.wait()
            await self._end_relaying()
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _send(self, plan: WorkerPlan) -> None:
        orders = Orders(plan.settings, plan.folders, current_level(), os.getpid())
        assert self._process.stdin  # noqa: S101 -- asked for below
        with suppress(ConnectionError):  # it died: its output says of what
            self._process.stdin.write(orders.line())
            await self._process.stdin.drain()

    async def _heard(self, word: str, within_s: float) -> None:
        """Return once it says this word. Raises BackendUnavailable."""
        try:
            async with asyncio.timeout(within_s):
                why = await self._refusal(word)
        except TimeoutError:
            remedy = f"see its log, or allow it more in [engines.{self._name}.worker] startup_s"
            why = f"it was not {word} after {within_s:g} s — {remedy}"
        if why:
            raise BackendUnavailable(f"{self._name}: cannot be started: {why}")

    async def _refusal(self, word: str) -> str:
        """What it says instead; "" when it says the word."""
        assert self._process.stdout  # noqa: S101 -- asked for below
        answer = await _answer(self._process.stdout)
        if word in answer:
            return ""
        if why := answer.get("failed"):
            return str(why)
        ended = await self.exited()
        await self._relaying
        return f"its process ended with {ended}: {self._log.last}"

    async def _end_relaying(self) -> None:
        """To the end of the log, unless somebody whom the engine left behind still holds it."""
        await asyncio.wait({self._relaying}, timeout=_LAST_WORDS_S)
        self._relaying.cancel()
        if self._process.stdin:
            self._process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        """The group, as an engine may have processes of its own; gone ones do not mind."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _new_folder() -> Path:
    """Of this user alone, and not in the cache: the path of a socket has 107 bytes at most."""
    for left in Path(tempfile.gettempdir()).glob("voiceclone-*-*"):
        owner = left.name.split("-")[1]
        if owner.isdigit() and not psutil.pid_exists(int(owner)) and not _is_served(left):
            shutil.rmtree(left, ignore_errors=True)  # by a server that was killed
    return Path(tempfile.mkdtemp(prefix=f"voiceclone-{os.getpid()}-"))


def _is_served(folder: Path) -> bool:
    """Somebody in another container may count processes otherwise."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        trial.settimeout(0.1)
        return trial.connect_ex(str(folder / "socket")) == 0


async def _spawn(plan: WorkerPlan, folder: Path) -> asyncio.subprocess.Process:
    # in an environment of its own, neither PYTHONPATH nor the folder we were started in has a say
    alone = ["-I"] if plan.python != Path(sys.executable) else []
    command = [*alone, "-m", MODULE, plan.engine, "--socket", str(folder / "socket")]
    return await asyncio.create_subprocess_exec(
        str(plan.python),
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=await asyncio.to_thread(environment, plan.engine),
        start_new_session=True,  # Ctrl-C is for the server: it lets utterances end first
    )


async def _answer(stdout: asyncio.StreamReader) -> dict[str, Any]:
    """The first line that is one: an environment may print before it is our turn. {} = none."""
    while line := await stdout.readline():
        with suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
    return {}
