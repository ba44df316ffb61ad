"""The server as a process of its own, until the test is over."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from programs import Shell

from wyoming_voiceclone.testing.home_assistant import HomeAssistant


class Served:
    """A running server, Home Assistant for it, and what it has logged so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.home = HomeAssistant("")
        self.log: list[str] = []

    async def logged(self, words: str) -> str:
        """Return the line that holds `words` once it is there."""
        assert self.process.stderr is not None
        async with asyncio.timeout(10):
            while line := (await self.process.stderr.readline()).decode():
                self.log.append(line)
                if words in line:
                    return line
        raise AssertionError(f"ended without {words!r}: {self.log}")

    async def ended(self, within_s: float) -> int:
        async with asyncio.timeout(within_s):
            _, rest = await self.process.communicate()
        self.log += rest.decode().splitlines()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def serving(
    shell: Shell, *arguments: str, before: Callable[[], None] | None = None
) -> AsyncIterator[Served]:
    """Run `serve`; `before` is called in the new process ahead of the program."""
    process = await asyncio.create_subprocess_exec(
        *shell.command("serve", *arguments),
        cwd=shell.folder,
        env=shell.environment,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=before,
    )
    try:
        served = Served(process)
        found = re.search(r"listening on ([^\s\"]+)", await served.logged("listening on"))
        assert found
        served.home.uri = found[1]
        yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
